-- deployment int8 -> registration_id int8, platform_deployment_id text, slug text, url text, types text, is_shared bool
SELECT d.registration_id, d.deployment_id, r.slug, d.notices_url, d.notice_types,
       EXISTS (SELECT FROM registration o WHERE o.issuer = r.issuer AND o.client_id = r.client_id AND o.id <> r.id)
FROM deployment d JOIN registration r ON r.id = d.registration_id AND r.is_enabled
WHERE d.id = $1 AND d.is_active
