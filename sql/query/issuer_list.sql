-- institution int8 -> id int8, public_id text, key text, name text, url text, email text, description text, image text
SELECT id, public_id, key, name, url, email, description, image FROM issuer WHERE institution_id = $1 ORDER BY key LIMIT 1000
