-- institution int8, deployment int8 -> kind text, base_url text, token_sealed bytea, updated_at int8, refused_at int8
SELECT kind, base_url, token_sealed, usec(updated_at), CASE WHEN refused_at >= updated_at THEN usec(refused_at) END
FROM grade_source WHERE institution_id = $1 AND deployment_id = $2
