-- institution int8, deployment int8, has_key bool ->
WITH states AS (DELETE FROM oauth_state WHERE institution_id = $1 AND deployment_id = $2)
DELETE FROM source_oauth WHERE institution_id = $1 AND deployment_id = $2 AND NOT $3
