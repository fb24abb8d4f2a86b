-- institution int8, badge int8, kind int8 -> digest bytea, bytes bytea
SELECT digest, bytes FROM picture WHERE institution_id = $1 AND badge_id = $2 AND kind = $3
