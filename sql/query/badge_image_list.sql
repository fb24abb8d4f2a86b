-- institution int8 -> badge_id int8, name text, digest bytea
SELECT badge_id, name, digest FROM badge_image WHERE institution_id = $1
