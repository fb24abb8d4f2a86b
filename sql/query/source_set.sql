-- institution int8, deployment int8, kind text, base_url text, token_sealed bytea, parallel int8 ->
INSERT INTO grade_source (institution_id, deployment_id, kind, base_url, token_sealed, parallel)
VALUES ($1, $2, $3, $4, nullif($5, ''::bytea), $6)
ON CONFLICT (institution_id, deployment_id) DO UPDATE
SET kind = excluded.kind, base_url = excluded.base_url, token_sealed = excluded.token_sealed, parallel = excluded.parallel,
    updated_at = now()
