-- institution int8, list int8, is_suspension bool, form int8 -> issuer_id int8, public_id text, length int8, body text, digest bytea, signed_at int8
SELECT l.issuer_id, CASE WHEN $3 THEN l.suspension_id ELSE l.public_id END, l.length, s.body, s.digest, usec(s.signed_at)
FROM status_list l
LEFT JOIN status_signed s ON s.institution_id = l.institution_id AND s.list_id = l.id AND s.is_suspension = $3 AND s.form = $4
WHERE l.institution_id = $1 AND l.id = $2
