-- institution int8, course int8, text text ->
UPDATE context SET sync_failed_at = now(), sync_error = $3 WHERE institution_id = $1 AND id = $2
