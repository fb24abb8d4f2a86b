-- Which readings are whole, whose digests hold, and when a school's rules and awards are compared.

ALTER TABLE context
    ADD COLUMN source_read_at timestamptz, -- when the last good reading by the course's own source began (not an upload)
    ADD COLUMN digests_at timestamptz,     -- equals synced_at, unless a release without digests has merged since
    ADD COLUMN whole_requested_at timestamptz,             -- somebody pressed "Check now"
    ADD COLUMN whole_requests integer NOT NULL DEFAULT 0,  -- what the last reading of everything took
    ADD COLUMN unmatched integer NOT NULL DEFAULT 0;       -- learners of the source whose sub was not known in it

ALTER TABLE institution ADD COLUMN reconciled_on date; -- its day on which rules and awards were last compared

-- Once a day, at a minute between two and four that differs by institution and day, or when a worker comes back
-- after it.
CREATE FUNCTION reconcile_schedule() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH local AS (
        SELECT id, now() AT TIME ZONE time_zone AS at FROM institution
    ), due AS (
        UPDATE institution i SET reconciled_on = l.at::date
        FROM local l
        WHERE l.id = i.id AND i.reconciled_on IS DISTINCT FROM l.at::date
          AND l.at::time >= time '02:00' + (abs(hashtext(i.id || ' ' || l.at::date) % 120)) * interval '1 minute'
          AND EXISTS (SELECT FROM badge_course b WHERE b.institution_id = i.id)
        RETURNING i.id
    )
    INSERT INTO job (institution_id, kind, dedupe, payload, priority)
    SELECT id, 'reconcile', 'reconcile:' || id, jsonb_build_object('from', usec(now())), -5 FROM due
    ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO NOTHING;
$$;

-- For the operator: what the last comparisons of all institutions came to.
CREATE FUNCTION reconciliation_totals(OUT courses bigint, OUT earned_not_awarded bigint, OUT awarded_not_earned bigint,
                                      OUT unreachable bigint, OUT oldest timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT count(DISTINCT (institution_id, context_id)), coalesce(sum(earned_not_awarded), 0),
           coalesce(sum(awarded_not_earned), 0), coalesce(sum(unreachable), 0), min(at)
    FROM reconciliation
$$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOREACH f IN ARRAY ARRAY['reconcile_schedule()', 'reconciliation_totals()']::regprocedure[] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO laurel_app', f);
    END LOOP;
END $$;
