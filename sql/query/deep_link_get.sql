-- institution int8, launch text -> settings text, is_used bool, product text, deployment_id text, is_shared bool
SELECT l.settings, l.used_at IS NOT NULL, r.product, d.deployment_id,
       EXISTS (SELECT FROM registration o WHERE o.issuer = r.issuer AND o.client_id = r.client_id AND o.id <> r.id)
FROM deep_link l
JOIN deployment d ON d.id = l.deployment_id AND d.institution_id = l.institution_id
JOIN registration r ON r.id = d.registration_id
WHERE l.institution_id = $1 AND l.launch_id = $2::uuid
