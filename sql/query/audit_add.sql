-- institution int8, actor int8, action text, object text ->
INSERT INTO audit (institution_id, actor_person_id, action, object) VALUES ($1, $2, $3, $4::jsonb)
