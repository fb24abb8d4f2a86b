-- institution int8, course int8 -> started_at int8, used_at int8, changed_at int8, quiet int8, failures int8
UPDATE context c SET sync_started_at = now()
WHERE c.institution_id = $1 AND c.id = $2
RETURNING usec(c.sync_started_at), (SELECT usec(max(m.launched_at)) FROM membership m
                                    WHERE m.institution_id = $1 AND m.context_id = $2),
          usec(c.changed_at), c.quiet_readings::bigint, c.sync_failures::bigint
