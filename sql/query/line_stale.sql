-- institution int8, badge int8 -> course_id int8
SELECT l.context_id
FROM line_item l
JOIN badge b ON b.institution_id = l.institution_id AND b.id = l.badge_id
WHERE l.institution_id = $1 AND l.badge_id = $2 AND l.label <> b.name
ORDER BY l.context_id
