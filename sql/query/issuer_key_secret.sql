-- institution int8, key int8 -> private_sealed bytea
SELECT private_sealed FROM issuer_key WHERE institution_id = $1 AND id = $2
