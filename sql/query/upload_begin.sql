-- institution int8, course int8, person int8, bytes int8, institution_bytes_max int8 -> is_taken bool
INSERT INTO upload AS u (institution_id, context_id, person_id, digest, bytes)
SELECT $1, $2, $3, '', $4
WHERE $4 + coalesce((SELECT sum(o.bytes) FROM upload o
                     WHERE o.institution_id = $1 AND (o.context_id, o.person_id) <> ($2, $3)), 0) <= $5
ON CONFLICT (institution_id, context_id, person_id) DO UPDATE
SET digest = '', bytes = excluded.bytes, created_at = now()
RETURNING true
