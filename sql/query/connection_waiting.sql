-- registration int8 -> deployment_id text, title text, first_at int8, last_at int8, count int8
SELECT p.key, coalesce(p.value->>'title', ''), usec((p.value->>'first_at')::timestamptz),
       usec((p.value->>'last_at')::timestamptz), (p.value->>'count')::bigint
FROM registration r CROSS JOIN jsonb_each(r.parked) p
WHERE r.id = $1
ORDER BY 4 DESC, 1
LIMIT 50
