-- institution int8, course int8, badge int8 ->
DELETE FROM line_item WHERE institution_id = $1 AND context_id = $2 AND badge_id = $3
