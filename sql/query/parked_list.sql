-- registration int8 -> deployment_id text, title text, first_at int8, last_at int8, launches int8, is_refused bool
SELECT p.key, coalesce(p.value->>'title', ''), usec((p.value->>'first_at')::timestamptz),
       usec((p.value->>'last_at')::timestamptz), (p.value->>'count')::int8, p.value ? 'refused'
FROM registration r, jsonb_each(r.parked) AS p
WHERE r.id = $1
ORDER BY p.value ? 'refused', p.value->>'last_at' DESC, p.key
