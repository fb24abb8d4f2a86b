-- institution int8 -> person_id int8, registration_id int8, sub text, name text, issuer_key text, granted_at int8
SELECT g.person_id, p.registration_id, p.sub, p.name, coalesce(i.key, ''), usec(g.granted_at)
FROM admin_grant g
JOIN person p ON p.institution_id = g.institution_id AND p.id = g.person_id
LEFT JOIN issuer i ON i.institution_id = g.institution_id AND i.id = g.issuer_id
WHERE g.institution_id = $1
ORDER BY p.name, p.sub
LIMIT 1000
