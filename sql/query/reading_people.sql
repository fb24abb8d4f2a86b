-- institution int8, registration int8, subs text[], names text[], emails text[], sourcedids text[], logins text[] -> sub text, id int8
WITH input AS (
    SELECT DISTINCT ON (sub) sub, coalesce(name, '') AS name, coalesce(email, '') AS email,
           coalesce(sourcedid, '') AS sourcedid, coalesce(login, '') AS login
    FROM unnest($3, $4, $5, $6, $7) AS t (sub, name, email, sourcedid, login)
), news AS ( -- an upsert locks, and so writes, the row even where it changes nothing
    SELECT i.*
    FROM input i
    LEFT JOIN person p ON p.institution_id = $1 AND p.registration_id = $2 AND p.sub = i.sub
    WHERE p.id IS NULL OR (i.name <> '' AND p.name <> i.name) OR (i.email <> '' AND p.email <> i.email)
       OR (i.sourcedid <> '' AND p.sourcedid <> i.sourcedid) OR (i.login <> '' AND p.login <> i.login)
), saved AS (
    INSERT INTO person AS p (institution_id, registration_id, sub, name, email, sourcedid, login)
    SELECT $1, $2, sub, name, email, sourcedid, login FROM news
    ON CONFLICT (institution_id, registration_id, sub) DO UPDATE
    SET name = coalesce(nullif(excluded.name, ''), p.name), email = coalesce(nullif(excluded.email, ''), p.email),
        sourcedid = coalesce(nullif(excluded.sourcedid, ''), p.sourcedid),
        login = coalesce(nullif(excluded.login, ''), p.login)
    RETURNING sub, id
)
SELECT sub, id FROM saved
UNION
SELECT p.sub, p.id FROM person p JOIN input i ON i.sub = p.sub
WHERE p.institution_id = $1 AND p.registration_id = $2
