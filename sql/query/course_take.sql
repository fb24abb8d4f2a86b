-- institution int8, deployment int8, context text -> id int8
INSERT INTO context (institution_id, deployment_id, context_id) VALUES ($1, $2, $3)
ON CONFLICT (institution_id, deployment_id, context_id) DO UPDATE SET context_id = excluded.context_id
RETURNING id
