-- institution int8, course int8, read_at timestamptz ->
UPDATE context SET synced_at = $3, sync_failed_at = NULL, sync_error = NULL WHERE institution_id = $1 AND id = $2
