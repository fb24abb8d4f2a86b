-- institution int8 -> id int8, key text, name text, url text, email text
SELECT id, key, name, url, email FROM issuer WHERE institution_id = $1 ORDER BY key LIMIT 1000
