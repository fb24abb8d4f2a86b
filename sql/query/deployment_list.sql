-- registration int8 -> id int8, institution_id int8, deployment_id text, is_active bool, institution text
SELECT d.id, d.institution_id, d.deployment_id, d.is_active, i.name
FROM deployment d JOIN institution i ON i.id = d.institution_id
WHERE d.registration_id = $1
ORDER BY d.id
LIMIT 10000
