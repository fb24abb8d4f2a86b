-- registration int8, deployment_id text -> id int8
UPDATE registration SET parked = jsonb_set(parked, ARRAY[$2, 'refused'], 'true') WHERE id = $1 AND parked ? $2
RETURNING id
