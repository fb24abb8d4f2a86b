-- Once a day, at a minute between two and four that differs by institution and day, or when a worker comes back
-- after it. Not on an institution's first day: while its courses are read for the first time and judged, rules and awards
-- do not agree, and the number would stand there until the night.
CREATE OR REPLACE FUNCTION reconcile_schedule() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH local AS (
        SELECT id, reconciled_on AS before, now() AT TIME ZONE time_zone AS at FROM institution
    ), due AS (
        UPDATE institution i SET reconciled_on = l.at::date
        FROM local l
        WHERE l.id = i.id AND i.reconciled_on IS DISTINCT FROM l.at::date
          AND l.at::time >= time '02:00' + (abs(hashtext(i.id || ' ' || l.at::date) % 120)) * interval '1 minute'
          AND EXISTS (SELECT FROM badge_course b WHERE b.institution_id = i.id)
        RETURNING i.id, l.before
    )
    INSERT INTO job (institution_id, kind, dedupe, payload, priority)
    SELECT id, 'reconcile', 'reconcile:' || id, jsonb_build_object('from', usec(now())), -5 FROM due
    WHERE before IS NOT NULL
    ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO NOTHING;
$$;
