-- institution int8, badge int8, course int8, item_map text ->
INSERT INTO badge_course (institution_id, badge_id, context_id, item_map) VALUES ($1, $2, $3, $4::jsonb)
ON CONFLICT DO NOTHING
