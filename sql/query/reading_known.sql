-- institution int8, course int8 -> person_id int8, mark text, digest bytea
SELECT person_id, read_mark, read_digest FROM membership WHERE institution_id = $1 AND context_id = $2 ORDER BY person_id
