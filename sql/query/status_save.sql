-- institution int8, list int8, is_suspension bool, form int8, body text, digest bytea, signed_at timestamptz ->
INSERT INTO status_signed AS s (institution_id, list_id, is_suspension, form, body, digest, signed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (institution_id, list_id, is_suspension, form) DO UPDATE
SET body = excluded.body, digest = excluded.digest, signed_at = excluded.signed_at
WHERE s.signed_at <= excluded.signed_at
