-- institution int8, deployment int8, context text -> id int8
SELECT id FROM context WHERE institution_id = $1 AND deployment_id = $2 AND context_id = $3
