-- institution int8, badge int8, kept text -> badge_id int8
DELETE FROM badge_image WHERE institution_id = $1 AND badge_id = $2 AND name <> $3 RETURNING badge_id
