-- institution int8, deployment int8, client_id text, refresh_sealed bytea, access_sealed bytea, seconds int8, canvas_user_id text, canvas_user_name text, person int8 -> saved bool
UPDATE source_oauth SET refresh_sealed = $4, access_sealed = $5, access_until = now() + $6 * interval '1 second',
       canvas_user_id = $7, canvas_user_name = $8, granted_at = now(), granted_by = $9, refused = '', renewing_until = NULL
WHERE institution_id = $1 AND deployment_id = $2 AND client_id = $3
RETURNING true
