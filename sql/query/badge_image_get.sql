-- institution int8, badge int8 -> name text, kind int8, digest bytea, bytes bytea
SELECT name, kind, digest, bytes FROM badge_image WHERE institution_id = $1 AND badge_id = $2
