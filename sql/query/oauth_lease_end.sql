-- institution int8, deployment int8, lease int8, refused text ->
UPDATE source_oauth SET renewing_until = NULL, refused = $4,
       access_sealed = CASE WHEN $4 = '' THEN access_sealed END
WHERE institution_id = $1 AND deployment_id = $2 AND usec(renewing_until) = $3
