-- lane text ->
UPDATE source_host SET failures = 0, open_until = NULL, reason = '', last_error = '', updated_at = now()
WHERE lane = $1 AND (failures > 0 OR open_until IS NOT NULL) AND coalesce(open_until, '-infinity') <= now()
