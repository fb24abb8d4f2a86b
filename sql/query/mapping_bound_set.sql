-- institution int8, badge int8, course int8, was text, bound text ->
UPDATE badge_course SET bound = $5::jsonb
WHERE institution_id = $1 AND badge_id = $2 AND context_id = $3 AND bound = $4::jsonb
