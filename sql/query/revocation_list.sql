-- institution int8, issuer int8 -> public_id text
SELECT a.public_id
FROM award a JOIN badge b ON b.institution_id = a.institution_id AND b.id = a.badge_id AND b.issuer_id = $2
WHERE a.institution_id = $1 AND a.state = 4 AND a.issued_at IS NOT NULL
ORDER BY a.revoked_at, a.id
LIMIT 100000
