-- institution int8, course int8 -> origin_id int8, origin_public_id text, origin_title text
SELECT o.id, o.public_id, coalesce(nullif(o.title, ''), nullif(o.label, ''), o.context_id)
FROM course_copy y
JOIN context c ON c.institution_id = y.institution_id AND c.id = y.context_id
JOIN context o ON o.institution_id = y.institution_id AND o.id = y.origin_id AND o.deployment_id = c.deployment_id
WHERE y.institution_id = $1 AND y.context_id = $2 AND y.state = 'proposed'
ORDER BY y.noticed_at DESC, y.origin_id
LIMIT 1
