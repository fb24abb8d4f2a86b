-- institution int8, course int8, is_of_few bool -> started_at int8, used_at int8, changed_at int8, quiet int8, failures int8
-- After a reading of a few whoever asks again is heard, and the course has been read no later than before.
UPDATE context c
SET sync_started_at = CASE WHEN $3 THEN c.sync_started_at ELSE now() END,
    sync_requested_at = CASE WHEN $3 THEN least(c.sync_requested_at, c.sync_started_at) ELSE c.sync_requested_at END
WHERE c.institution_id = $1 AND c.id = $2
RETURNING usec(now()), (SELECT usec(max(m.launched_at)) FROM membership m
                        WHERE m.institution_id = $1 AND m.context_id = $2),
          usec(c.changed_at), c.quiet_readings::bigint, c.sync_failures::bigint
