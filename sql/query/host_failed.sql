-- lane text, reason text, text text, wait_s int8 ->
-- The fourth failure in a row closes the host for half a minute, each one more for twice as long, up to half an hour; one
-- that says how long closes it for that. What was under way when it closed does not count. A little longer each, so
-- that hosts which failed together do not come back together.
UPDATE source_host
SET failures = CASE WHEN open_until > now() THEN failures ELSE failures + 1 END,
    open_until = CASE
        WHEN $4 > 0 THEN greatest(open_until, now() + $4 * (1 + random() / 10) * interval '1 second')
        WHEN open_until > now() THEN open_until
        WHEN failures >= 3 THEN now() + least(30 * 2 ^ least(failures - 3, 10), 1800) * (1 + random() / 4)
                                        * interval '1 second'
        ELSE open_until END,
    reason = $2, last_error = $3, updated_at = now()
WHERE lane = $1
