-- institution int8, course int8, person int8 ->
WITH waiting AS (DELETE FROM upload WHERE institution_id = $1 AND context_id = $2 AND person_id = $3),
     parts AS (DELETE FROM upload_part WHERE institution_id = $1 AND context_id = $2 AND person_id = $3)
UPDATE context SET uploaded_at = now(), uploaded_by = $3 WHERE institution_id = $1 AND id = $2
