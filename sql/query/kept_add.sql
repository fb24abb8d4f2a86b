-- institution int8, course int8, started_at timestamptz, source_at timestamptz, keys bytea[], replies bytea[] ->
INSERT INTO reading_page (institution_id, context_id, started_at, source_at, key, reply)
SELECT DISTINCT ON (t.key) $1, $2, $3, $4, t.key, t.reply FROM unnest($5, $6) WITH ORDINALITY AS t (key, reply, n)
ORDER BY t.key, t.n DESC
ON CONFLICT (institution_id, context_id, key) DO UPDATE
SET reply = excluded.reply, started_at = excluded.started_at, source_at = excluded.source_at, kept_at = now()
