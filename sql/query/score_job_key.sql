-- institution int8, award int8 -> course_id int8, badge_id int8, person_id int8
SELECT context_id, badge_id, person_id FROM award
WHERE institution_id = $1 AND id = $2 AND context_id IS NOT NULL
