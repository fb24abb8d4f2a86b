-- institution int8, key text, name text, url text, email text, description text, image text -> id int8, is_changed bool
WITH old AS (
    SELECT name, url, email, description, image FROM issuer WHERE institution_id = $1 AND key = $2
), saved AS (
    INSERT INTO issuer (institution_id, key, name, url, email, description, image) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (institution_id, key) DO UPDATE
    SET name = excluded.name, url = excluded.url, email = excluded.email, description = excluded.description,
        image = excluded.image
    RETURNING id
)
SELECT id, NOT EXISTS (SELECT FROM old WHERE (name, url, email, description, image) = ($3, $4, $5, $6, $7)) FROM saved
