-- institution int8, badge int8, kind int8, digest bytea, bytes bytea ->
INSERT INTO picture AS p (institution_id, badge_id, kind, digest, bytes)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (institution_id, badge_id, kind) DO UPDATE
SET digest = excluded.digest, bytes = excluded.bytes, drawn_at = now()
