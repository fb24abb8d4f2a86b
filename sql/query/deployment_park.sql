-- registration int8, deployment_id text, title text -> verdict text
SELECT deployment_park($1, $2, $3)
