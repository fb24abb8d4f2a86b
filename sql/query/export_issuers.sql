-- institution int8, after int8, row_limit int8 -> id int8, public_id text
SELECT id, public_id FROM issuer WHERE institution_id = $1 AND id > $2 ORDER BY id LIMIT $3
