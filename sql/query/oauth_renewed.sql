-- institution int8, deployment int8, lease int8, access_sealed bytea, seconds int8, refresh_sealed bytea -> kept bool
UPDATE source_oauth SET access_sealed = $4, access_until = now() + $5 * interval '1 second', renewing_until = NULL,
       refresh_sealed = coalesce(nullif($6, ''::bytea), refresh_sealed)
WHERE institution_id = $1 AND deployment_id = $2 AND usec(renewing_until) = $3
RETURNING true
