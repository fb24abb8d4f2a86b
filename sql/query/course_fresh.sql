-- institution int8, course int8 -> source_kind text, synced_at int8, requested_at int8, failed_at int8, error text, next_read_at int8, is_over bool, is_reading bool, is_queued bool, waits_until int8
SELECT source_kind, usec(synced_at), usec(sync_requested_at), usec(sync_failed_at), sync_error, usec(next_read_at),
       is_over, is_reading, coalesce(is_queued, false), usec(waits_until)
FROM course_fresh
WHERE institution_id = $1 AND context_id = $2
