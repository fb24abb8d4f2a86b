-- institution int8, slug text, deployment_id text -> id int8
SELECT d.id FROM deployment d JOIN registration r ON r.id = d.registration_id AND r.is_enabled
WHERE d.institution_id = $1 AND r.slug = $2 AND d.deployment_id = $3 AND d.is_active
