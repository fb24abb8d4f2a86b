-- issuer text, client_id text, deployment_id text -> id int8, institution_id int8
SELECT d.id, d.institution_id
FROM deployment d JOIN registration r ON r.id = d.registration_id
WHERE r.issuer = $1 AND r.client_id = $2 AND d.deployment_id = $3
ORDER BY d.id
LIMIT 2
