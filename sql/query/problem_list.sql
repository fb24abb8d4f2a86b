-- registration int8 -> reason text, text text, last_at int8, count int8
SELECT p.key, p.value->>'text', usec((p.value->>'last_at')::timestamptz), (p.value->>'count')::bigint
FROM registration r CROSS JOIN jsonb_each(r.problems) p
WHERE r.id = $1
ORDER BY 3 DESC, 1
