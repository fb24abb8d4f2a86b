-- institution int8, course int8 ->
UPDATE context SET sync_requested_at = now(), whole_requested_at = now() WHERE institution_id = $1 AND id = $2
