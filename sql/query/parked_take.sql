-- registration int8, deployment_id text -> id int8
UPDATE registration SET parked = parked - $2 WHERE id = $1 AND parked ? $2
RETURNING id
