-- registration int8, institution int8, deployment_id text -> id int8, institution_id int8
INSERT INTO deployment AS d (registration_id, institution_id, deployment_id) VALUES ($1, $2, $3)
ON CONFLICT (registration_id, deployment_id) DO UPDATE SET is_active = true
RETURNING id, institution_id
