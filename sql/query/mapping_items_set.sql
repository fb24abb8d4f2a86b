-- institution int8, badge int8, course int8, was text, item_map text -> badge_id int8
UPDATE badge_course SET item_map = $5::jsonb
WHERE institution_id = $1 AND badge_id = $2 AND context_id = $3 AND item_map = $4::jsonb
RETURNING badge_id
