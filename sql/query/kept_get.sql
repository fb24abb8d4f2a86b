-- institution int8, course int8, key bytea -> reply bytea
SELECT reply FROM reading_page WHERE institution_id = $1 AND context_id = $2 AND key = $3
