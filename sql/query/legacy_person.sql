-- institution int8, registration int8, sub text, name text, email text -> id int8, is_new bool
WITH had AS (
    UPDATE person p SET name = coalesce(nullif(p.name, ''), $4), email = coalesce(nullif(p.email, ''), $5)
    WHERE p.institution_id = $1 AND p.id = (
        SELECT q.id FROM person q
        WHERE q.institution_id = $1 AND q.registration_id = $2 AND (q.legacy_sub = $3 OR q.sub = $3)
        ORDER BY q.legacy_sub = $3 DESC LIMIT 1)
    RETURNING p.id
), made AS (
    INSERT INTO person (institution_id, registration_id, sub, name, email)
    SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT FROM had)
    RETURNING id
)
SELECT id, false FROM had UNION ALL SELECT id, true FROM made
