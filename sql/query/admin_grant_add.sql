-- institution int8, person int8, issuer int8 -> added bool
INSERT INTO admin_grant (institution_id, person_id, issuer_id) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING
RETURNING true
