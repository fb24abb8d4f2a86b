-- institution int8, person int8, issuer int8 -> removed bool
DELETE FROM admin_grant WHERE institution_id = $1 AND person_id = $2 AND issuer_id = $3 RETURNING true
