-- institution int8, award int8 -> learner text, time_zone text, issuer text
SELECT p.name, i.time_zone, e.name
FROM award a
JOIN person p ON p.institution_id = a.institution_id AND p.id = a.person_id
JOIN institution i ON i.id = a.institution_id
JOIN badge b ON b.institution_id = a.institution_id AND b.id = a.badge_id
JOIN issuer e ON e.institution_id = a.institution_id AND e.id = b.issuer_id
WHERE a.institution_id = $1 AND a.id = $2
