-- institution int8, badge int8, course int8, problem text ->
UPDATE badge_course SET problem = $4
WHERE institution_id = $1 AND badge_id = $2 AND context_id = $3 AND problem IS DISTINCT FROM $4
