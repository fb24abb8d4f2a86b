-- registration int8, reason text, text text, count int8, most int8 ->
UPDATE registration r
SET problems = r.problems || jsonb_build_object($2, jsonb_build_object(
    'text', $3, 'last_at', now(),
    'count', $4 + CASE WHEN (r.problems->$2->>'last_at')::timestamptz > now() - interval '7 days'
                       THEN (r.problems->$2->>'count')::bigint ELSE 0 END))
WHERE r.id = $1 AND (r.problems ? $2 OR (SELECT count(*) FROM jsonb_object_keys(r.problems)) < $5)
