-- institution int8, course int8, started_at timestamptz, next_at timestamptz, is_changed bool ->
-- What was asked for after the reading began, and before the run that ended it, is not in it: it is due at once.
WITH dropped AS (
    DELETE FROM reading_page WHERE institution_id = $1 AND context_id = $2
)
UPDATE context
SET next_read_at = CASE WHEN sync_requested_at > $3 AND sync_requested_at <= sync_started_at THEN now() ELSE $4 END,
    sync_took_ms = least(extract(epoch FROM now() - sync_started_at) * 1000, 3600000), sync_failures = 0,
    quiet_readings = CASE WHEN $5 THEN 0 ELSE least(quiet_readings + 1, 1000) END
WHERE institution_id = $1 AND id = $2
