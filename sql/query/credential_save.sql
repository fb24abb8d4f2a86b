-- institution int8, awards int8[], forms int8[], bodies text[], digests bytea[], was_digests bytea[], keys int8[], valid_from timestamptz[], signed_at timestamptz[] -> award_id int8
INSERT INTO credential AS c (institution_id, award_id, form, body, digest, key_id, valid_from, signed_at)
SELECT $1, n.award_id, n.form, n.body, n.digest, n.key_id, n.valid_from, n.signed_at
FROM unnest($2, $3, $4, $5, $7, $8, $9) AS n (award_id, form, body, digest, key_id, valid_from, signed_at)
ORDER BY n.award_id, n.form
ON CONFLICT (institution_id, award_id, form) DO UPDATE
SET body = excluded.body, digest = excluded.digest, key_id = excluded.key_id, valid_from = excluded.valid_from,
    signed_at = excluded.signed_at
WHERE c.digest = (SELECT w.was FROM unnest($2, $3, $6) AS w (award_id, form, was)
                  WHERE w.award_id = c.award_id AND w.form = c.form)
RETURNING c.award_id
