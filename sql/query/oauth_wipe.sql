-- institution int8, deployment int8 ->
UPDATE source_oauth SET refresh_sealed = NULL, access_sealed = NULL, access_until = NULL, canvas_user_id = '',
       canvas_user_name = '', granted_at = NULL, granted_by = NULL, refused = '', renewing_until = NULL
WHERE institution_id = $1 AND deployment_id = $2
