-- institution int8, badge int8, name text, kind int8, digest bytea, bytes bytea -> badge_id int8
INSERT INTO badge_image AS i (institution_id, badge_id, name, kind, digest, bytes)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (institution_id, badge_id) DO UPDATE
SET name = excluded.name, kind = excluded.kind, digest = excluded.digest, bytes = excluded.bytes, saved_at = now()
WHERE (i.name, i.digest) IS DISTINCT FROM (excluded.name, excluded.digest)
RETURNING i.badge_id
