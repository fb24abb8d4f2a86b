-- institution int8, course int8, text text, next_at timestamptz, failures int8 ->
-- No text: it was only interrupted.
UPDATE context
SET sync_failed_at = CASE WHEN $3 = '' THEN sync_failed_at ELSE now() END, sync_error = coalesce(nullif($3, ''), sync_error),
    next_read_at = $4, sync_took_ms = least(extract(epoch FROM now() - sync_started_at) * 1000, 3600000),
    sync_failures = least($5, 1000)
WHERE institution_id = $1 AND id = $2
