-- institution int8, key text, name text, url text, email text -> id int8
INSERT INTO issuer (institution_id, key, name, url, email) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (institution_id, key) DO UPDATE SET name = excluded.name, url = excluded.url, email = excluded.email
RETURNING id
