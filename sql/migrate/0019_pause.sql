-- Who waits while a course is left in peace after a reading is not left waiting for its end, where the source can tell
-- whose work is newest.

-- Whoever adds a sync job: its lane, and not sooner after the last reading began than five times what that took, unless
-- somebody asks by hand. Of a Canvas course that somebody asks for within that time, those few whose work is newest are
-- read soon, unless the rest is due nearly as soon; payload.until says to when only they are (microseconds). A moment
-- passes first, so that what is asked many times is asked once.
CREATE OR REPLACE FUNCTION job_lane() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    may smallint;
    earliest timestamptz;
    knows_latest boolean;
BEGIN
    SELECT source_lane(g.kind, g.base_url, c.lineitems_url, r.token_url), CASE WHEN g.kind = 'moodle' THEN 2 ELSE 1 END,
           source_parallel(g.kind, g.parallel),
           c.sync_started_at + greatest(interval '2 seconds', 5 * c.sync_took_ms * interval '1 millisecond'),
           g.kind = 'canvas' AND c.source_read_at IS NOT NULL
    INTO NEW.lane, NEW.slots, may, earliest, knows_latest
    FROM context c
    JOIN grade_source g ON g.institution_id = c.institution_id AND g.deployment_id = c.deployment_id AND g.kind <> 'csv'
    JOIN deployment d ON d.id = c.deployment_id
    JOIN registration r ON r.id = d.registration_id
    WHERE c.institution_id = NEW.institution_id AND c.id = (NEW.payload->>'course')::bigint;
    IF NOT FOUND THEN
        NEW.lane := '';
        NEW.slots := 1;
    ELSIF NEW.lane <> '' AND NOT EXISTS (SELECT FROM source_host h WHERE h.lane = NEW.lane AND h.parallel <= may) THEN
        INSERT INTO source_host AS h (lane, parallel) VALUES (NEW.lane, may)
        ON CONFLICT (lane) DO UPDATE SET parallel = least(h.parallel, excluded.parallel);
    END IF;
    IF NEW.priority < 15 THEN
        IF NEW.priority >= 10 AND knows_latest AND NEW.run_at + interval '2 seconds' < earliest THEN
            NEW.run_at := NEW.run_at + interval '1 second';
            NEW.payload := NEW.payload || jsonb_build_object('until', usec(earliest));
        ELSE
            NEW.run_at := greatest(NEW.run_at, earliest);
        END IF;
    END IF;
    RETURN NEW;
END $$;

-- Jobs for courses with badges and a source that are due: asked for by a launch, an event or an admin, or their time has
-- come. A course that was queued is looked at again in a quarter of an hour, unless its reading says otherwise; one
-- that has no badges or no source is not, until it gets them (which asks). A request of the last hour that no good
-- reading has answered yet goes before the clock's.
CREATE OR REPLACE FUNCTION sync_schedule() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    n bigint;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('sync_schedule')) THEN
        RETURN 0; -- another worker does
    END IF;
    WITH wanted AS (
        (SELECT c.institution_id, c.id FROM context c
         WHERE c.sync_requested_at > coalesce(greatest(c.sync_started_at, c.sync_queued_at), '-infinity') LIMIT 1000)
        UNION
        (SELECT c.institution_id, c.id FROM context c WHERE c.next_read_at <= now() ORDER BY c.next_read_at LIMIT 1000)
    ), due AS MATERIALIZED (
        SELECT c.institution_id, c.id, c.deployment_id, c.sync_requested_at,
               coalesce(c.sync_requested_at > coalesce(greatest(c.sync_started_at, c.sync_queued_at), '-infinity'),
                        false) AS is_asked,
               coalesce(c.sync_requested_at > greatest(c.synced_at, now() - interval '1 hour'), false) AS is_urgent
        FROM wanted w JOIN context c ON c.institution_id = w.institution_id AND c.id = w.id
        FOR NO KEY UPDATE OF c SKIP LOCKED -- so that it never waits for a launch, nor locks it out
    ), judged AS MATERIALIZED (
        SELECT d.*, EXISTS (SELECT FROM badge_course b WHERE b.institution_id = d.institution_id AND b.context_id = d.id)
                    AND EXISTS (SELECT FROM grade_source g WHERE g.institution_id = d.institution_id
                                AND g.deployment_id = d.deployment_id AND g.kind <> 'csv' AND coalesce(g.refused_at, '-infinity') < g.updated_at) AS is_readable
        FROM due d
    ), marked AS (
        UPDATE context c SET sync_queued_at = j.sync_requested_at,
            next_read_at = CASE WHEN j.is_readable THEN now() + interval '15 minutes' END
        FROM judged j WHERE c.institution_id = j.institution_id AND c.id = j.id
    ), added AS (
        INSERT INTO job AS j (institution_id, kind, dedupe, payload, priority)
        SELECT d.institution_id, 'sync', 'sync:' || d.id, jsonb_build_object('course', d.id),
               CASE WHEN d.is_urgent THEN 10 ELSE 0 END
        FROM judged d
        WHERE d.is_readable
          AND (d.is_asked OR NOT EXISTS (SELECT FROM job r WHERE r.kind = 'sync' AND r.dedupe = 'sync:' || d.id
                                         AND r.state = 'leased'))
        ORDER BY d.id
        ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO UPDATE
        SET run_at = least(j.run_at, excluded.run_at), priority = greatest(j.priority, excluded.priority),
            payload = CASE WHEN excluded.run_at < j.run_at THEN excluded.payload ELSE j.payload END,
            lane = excluded.lane, slots = excluded.slots
        WHERE excluded.priority > j.priority OR excluded.run_at < j.run_at OR excluded.lane <> j.lane
        RETURNING 1
    )
    SELECT count(*) INTO n FROM added;
    RETURN n;
END $$;
