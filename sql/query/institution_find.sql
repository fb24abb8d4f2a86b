-- name text -> id int8, name text, time_zone text
SELECT id, name, time_zone FROM institution WHERE $1::text IS NULL OR name = $1 ORDER BY id LIMIT 1000
