-- institution int8, after int8, row_limit int8 -> id int8, public_id text, key text, name text
SELECT id, public_id, key, name FROM badge WHERE institution_id = $1 AND id > $2 ORDER BY id LIMIT $3
