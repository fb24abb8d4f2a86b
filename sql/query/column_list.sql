-- institution int8, course int8 -> badge_id int8
SELECT m.badge_id FROM badge_course m
WHERE m.institution_id = $1 AND m.context_id = $2 AND m.column_asked_at IS NOT NULL
UNION
SELECT l.badge_id FROM line_item l WHERE l.institution_id = $1 AND l.context_id = $2
