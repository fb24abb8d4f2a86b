-- institution int8, after int8, row_limit int8 -> id int8, public_id text, suspension_id text
SELECT id, public_id, suspension_id FROM status_list WHERE institution_id = $1 AND id > $2 ORDER BY id LIMIT $3
