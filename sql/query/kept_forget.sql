-- institution int8, course int8 ->
DELETE FROM reading_page WHERE institution_id = $1 AND context_id = $2
