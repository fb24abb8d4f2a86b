-- name text, after int8, row_limit int8 -> id int8
SELECT id FROM institution WHERE ($1::text IS NULL OR name = $1) AND id > $2 ORDER BY id LIMIT $3
