-- id text -> institution_id int8, deployment_id int8, root_account_uuid text, jwks_url text
SELECT f.institution_id, f.deployment_id, f.root_account_uuid, f.jwks_url
FROM event_feed f
JOIN deployment d ON d.id = f.deployment_id AND d.institution_id = f.institution_id AND d.is_active
JOIN registration r ON r.id = d.registration_id AND r.is_enabled
WHERE f.id = $1::uuid
