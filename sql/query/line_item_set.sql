-- institution int8, course int8, badge int8, url text, label text ->
INSERT INTO line_item (institution_id, context_id, badge_id, url, label) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (institution_id, context_id, badge_id) DO UPDATE SET url = excluded.url, label = excluded.label
