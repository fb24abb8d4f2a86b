-- institution int8 -> badge_id int8, course_id int8, course_title text, issuer text, client_id text, platform_deployment_id text, context_id text, problem text, item_map text, bound text
SELECT m.badge_id, m.context_id, coalesce(nullif(c.title, ''), nullif(c.label, ''), c.context_id), r.issuer, r.client_id,
       d.deployment_id, c.context_id, coalesce(m.problem, ''), m.item_map, m.bound
FROM badge_course m
JOIN context c ON c.institution_id = m.institution_id AND c.id = m.context_id
JOIN deployment d ON d.id = c.deployment_id
JOIN registration r ON r.id = d.registration_id
WHERE m.institution_id = $1
ORDER BY m.badge_id, lower(c.title), c.id
LIMIT 100000
