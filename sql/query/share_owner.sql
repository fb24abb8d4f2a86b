-- institution int8, award int8 -> person_id int8, email text, sub text, platform text, name text
SELECT p.id, p.email, p.sub, r.issuer, p.name
FROM award a
JOIN person p ON p.institution_id = a.institution_id AND p.id = a.person_id
JOIN registration r ON r.id = p.registration_id
WHERE a.institution_id = $1 AND a.id = $2
