-- institution int8, course int8, badge int8 -> registration_id int8, platform_deployment_id text, lineitems_url text, ags_scopes text, url text, badge_name text, badge_public_id text
SELECT d.registration_id, d.deployment_id, c.lineitems_url, c.ags_scopes, l.url, b.name, b.public_id
FROM line_item l
JOIN badge b ON b.institution_id = l.institution_id AND b.id = l.badge_id
JOIN context c ON c.institution_id = l.institution_id AND c.id = l.context_id
JOIN deployment d ON d.id = c.deployment_id
WHERE l.institution_id = $1 AND l.context_id = $2 AND l.badge_id = $3
