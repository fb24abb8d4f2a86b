-- institution int8, course int8, badges int8[] -> badge_id int8
INSERT INTO badge_course (institution_id, badge_id, context_id)
SELECT b.institution_id, b.id, $2
FROM badge b
WHERE b.institution_id = $1 AND b.id = ANY ($3)
ON CONFLICT DO NOTHING
RETURNING badge_id
