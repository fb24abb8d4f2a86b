-- institution int8, award int8, form int8 -> award_id int8, badge_id int8, person_id int8, public_id text, state int8, issued_at int8, expires_at int8, shared_at int8, body text, valid_from int8, signed_at int8
SELECT a.id, a.badge_id, a.person_id, a.public_id, CASE WHEN a.state = 2 AND a.expires_at <= now() THEN 5 ELSE a.state END,
       usec(a.issued_at), usec(a.expires_at), usec(a.shared_at), c.body, usec(c.valid_from), usec(c.signed_at)
FROM award a
LEFT JOIN credential c ON c.institution_id = a.institution_id AND c.award_id = a.id AND c.form = $3
WHERE a.institution_id = $1 AND a.id = $2
