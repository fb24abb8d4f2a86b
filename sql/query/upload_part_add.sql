-- institution int8, course int8, person int8, n int8, bytes bytea ->
INSERT INTO upload_part (institution_id, context_id, person_id, n, bytes) VALUES ($1, $2, $3, $4, $5)
