-- -> institution_id int8, deployment_id int8, kind text, base_url text, updated_at int8, issuer text, client_id text, platform_deployment_id text, institution text, parallel int8, refused_at int8, oauth_client_id text, oauth_state text, oauth_user text
SELECT s.institution_id, s.deployment_id, s.kind, s.base_url, usec(s.updated_at), r.issuer, r.client_id,
       d.deployment_id, i.name, l.parallel::bigint, usec(l.refused_at), o.client_id, o.state, o.canvas_user_name
FROM source_list() s
JOIN deployment d ON d.id = s.deployment_id
JOIN registration r ON r.id = d.registration_id
JOIN institution i ON i.id = s.institution_id
JOIN source_limits() l ON l.deployment_id = s.deployment_id
LEFT JOIN source_oauth_list() o ON o.institution_id = s.institution_id AND o.deployment_id = s.deployment_id
ORDER BY s.deployment_id
LIMIT 10000
