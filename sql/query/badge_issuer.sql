-- institution int8, badge int8 -> issuer_id int8
SELECT issuer_id FROM badge WHERE institution_id = $1 AND id = $2
