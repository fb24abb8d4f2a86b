-- institution int8, course int8, person int8 ->
DELETE FROM upload_part WHERE institution_id = $1 AND context_id = $2 AND person_id = $3
