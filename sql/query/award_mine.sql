-- institution int8, person int8, badge text -> award_id int8, issuer_id int8, public_id text, badge_public_id text, badge_key text, badge_name text, state int8, shared_at int8, is_named_by_email bool, issuer_has_email bool
SELECT a.id, b.issuer_id, a.public_id, b.public_id, b.key, b.name,
       CASE WHEN a.state = 2 AND a.expires_at <= now() THEN 5 ELSE a.state END, usec(a.shared_at),
       coalesce(s.identity = 1, false), i.email <> ''
FROM award a
JOIN badge b ON b.institution_id = a.institution_id AND b.id = a.badge_id
JOIN issuer i ON i.institution_id = b.institution_id AND i.id = b.issuer_id
LEFT JOIN award_share s ON s.institution_id = a.institution_id AND s.award_id = a.id
WHERE a.institution_id = $1 AND a.person_id = $2 AND ($3::text IS NULL OR b.public_id = $3::uuid)
  AND a.issued_at IS NOT NULL AND a.signed_at IS NOT NULL
ORDER BY a.issued_at DESC, a.id DESC
LIMIT 501
