-- Reading many courses without overrunning their hosts: lanes, turns, breakers, when a course is next, and what a reading
-- that broke off had read.

-- Requests go to a host, whoever owns it: its lane. `slots` is how many a reading would like to have at once.
ALTER TABLE job
    ADD COLUMN lane text COLLATE "C" NOT NULL DEFAULT '', -- of a sync job: scheme, host and port; else empty
    ADD COLUMN slots smallint NOT NULL DEFAULT 1,
    ADD COLUMN held smallint NOT NULL DEFAULT 0;          -- how many it got when it was leased
CREATE INDEX job_turn ON job (priority, institution_id, lane, run_at, id) WHERE state = 'waiting';

ALTER TABLE institution ADD COLUMN served_at timestamptz; -- when a worker last took a job of it

CREATE TABLE source_host (
    lane text COLLATE "C" PRIMARY KEY,
    parallel smallint NOT NULL,          -- requests at once, over all workers: the least that its sources allow
    failures integer NOT NULL DEFAULT 0, -- in a row
    open_until timestamptz,              -- nothing is asked before; then one reading tries. NULL: closed
    reason text NOT NULL DEFAULT '',
    last_error text NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT, UPDATE, DELETE ON source_host TO laurel_app;

-- The token was refused, and the source not set anew since (updated_at is older): nothing is read.
ALTER TABLE grade_source ADD COLUMN refused_at timestamptz;

ALTER TABLE context
    ADD COLUMN sync_queued_at timestamptz, -- the request that a job was added for last
    ADD COLUMN sync_took_ms integer NOT NULL DEFAULT 0,
    ADD COLUMN sync_failures smallint NOT NULL DEFAULT 0,  -- in a row
    ADD COLUMN quiet_readings smallint NOT NULL DEFAULT 0; -- in a row, without anything new
CREATE INDEX context_asked ON context (sync_requested_at)
    WHERE sync_requested_at > coalesce(greatest(sync_started_at, sync_queued_at), '-infinity');
CREATE INDEX context_next ON context (next_read_at) WHERE next_read_at IS NOT NULL;

-- What a reading that broke off had been answered, for the one that goes on with it.
CREATE TABLE reading_page (
    institution_id bigint NOT NULL,
    context_id bigint NOT NULL,
    key bytea NOT NULL,              -- SHA-256 of the request, without its credentials where they are in a header
    reply bytea NOT NULL,            -- deflated
    started_at timestamptz NOT NULL, -- when the reading began
    source_at timestamptz NOT NULL,  -- grade_source.updated_at
    kept_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, context_id, key)
);
ALTER TABLE reading_page ALTER COLUMN reply SET STORAGE EXTERNAL;
ALTER TABLE reading_page ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON reading_page
    USING (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)
    WITH CHECK (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint);
GRANT SELECT, INSERT, UPDATE, DELETE ON reading_page TO laurel_app;
CREATE INDEX reading_page_kept ON reading_page (kept_at);

-- "https://LMS.example:443/moodle" is https://lms.example; what is no URL has no lane.
CREATE FUNCTION url_lane(url text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(regexp_replace(regexp_replace(lower(substring(url from '^[A-Za-z]+://[^/?#]+')),
                                                  '^(https://.*):443$', '\1'), '^(http://.*):80$', '\1'), '')
$$;

CREATE FUNCTION source_lane(kind text, base_url text, lineitems_url text, token_url text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT url_lane(CASE WHEN kind <> 'ags' THEN base_url WHEN lineitems_url <> '' THEN lineitems_url ELSE token_url END)
$$;

CREATE FUNCTION source_parallel(kind text, parallel smallint) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN parallel > 0 THEN parallel WHEN kind = 'moodle' THEN 4 ELSE 2 END::smallint
$$;

-- A source was set: what its host may be asked now. Somebody may have mended something, so one reading tries.
CREATE FUNCTION source_host_set() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO source_host AS h (lane, parallel)
    SELECT DISTINCT l.lane, least(source_parallel(NEW.kind, NEW.parallel), (
        SELECT min(source_parallel(g.kind, g.parallel)) FROM grade_source g
        WHERE g.kind IN ('canvas', 'moodle') AND url_lane(g.base_url) = l.lane))
    FROM (SELECT url_lane(NEW.base_url) AS lane WHERE NEW.kind <> 'ags'
          UNION
          SELECT url_lane(c.lineitems_url) FROM context c
          WHERE NEW.kind = 'ags' AND c.institution_id = NEW.institution_id AND c.deployment_id = NEW.deployment_id) l
    WHERE l.lane <> '' AND NEW.kind <> 'csv'
    ON CONFLICT (lane) DO UPDATE SET parallel = excluded.parallel,
        open_until = CASE WHEN h.open_until > now() THEN now() ELSE h.open_until END;
    RETURN NULL;
END $$;
CREATE TRIGGER source_host AFTER INSERT OR UPDATE OF kind, base_url, token_sealed, parallel ON grade_source
    FOR EACH ROW EXECUTE FUNCTION source_host_set();

-- Whoever adds a sync job: its lane, and not sooner after the last reading began than five times what that took, unless
-- somebody asks by hand.
CREATE FUNCTION job_lane() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    may smallint;
    earliest timestamptz;
BEGIN
    SELECT source_lane(g.kind, g.base_url, c.lineitems_url, r.token_url), CASE WHEN g.kind = 'moodle' THEN 2 ELSE 1 END,
           source_parallel(g.kind, g.parallel),
           c.sync_started_at + greatest(interval '2 seconds', 5 * c.sync_took_ms * interval '1 millisecond')
    INTO NEW.lane, NEW.slots, may, earliest
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
        NEW.run_at := greatest(NEW.run_at, earliest);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER job_lane BEFORE INSERT ON job FOR EACH ROW WHEN (NEW.kind = 'sync') EXECUTE FUNCTION job_lane();

-- The operator asks for all: tokens that were refused, and hosts that are left alone, are tried once more.
CREATE OR REPLACE FUNCTION sync_request_all() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    UPDATE grade_source SET refused_at = NULL WHERE refused_at IS NOT NULL;
    UPDATE source_host SET open_until = now() WHERE open_until > now();
    WITH asked AS (
        UPDATE context c SET sync_requested_at = now()
        WHERE EXISTS (SELECT FROM badge_course b WHERE b.institution_id = c.institution_id AND b.context_id = c.id)
        RETURNING 1
    )
    SELECT count(*) FROM asked
$$;

-- Lease the next job. Takers come one after the other, so that what they count is true: a host's slots, three jobs of
-- one institution, one reading of a host that was out of reach. Of one priority, the institution with the fewest jobs
-- under way comes first, then the one that was served longest ago. Each institution and lane is looked at once,
-- however many jobs wait. That a lease is lost with the server's power does no harm, so nobody waits for the disk.
CREATE FUNCTION job_take(lease_s bigint)
RETURNS TABLE (id bigint, institution_id bigint, kind text, payload text, attempts bigint, priority bigint, lane text, held bigint)
LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
    level integer := 32768;
    one record;
BEGIN
    LOOP
        level := greatest((SELECT max(j.priority) FROM job j WHERE j.state = 'waiting' AND j.priority < level),
                          (SELECT max(j.priority) FROM job j WHERE j.state = 'leased' AND j.lease_until < now()
                           AND j.attempts < 20 AND j.priority < level));
        EXIT WHEN level IS NULL;
        PERFORM pg_advisory_xact_lock(hashtext('job_take'));
        PERFORM set_config('synchronous_commit', 'off', true);
        FOR one IN
            WITH RECURSIVE leased AS MATERIALIZED (
                SELECT r.* FROM job r WHERE r.state = 'leased'
            ), running AS MATERIALIZED (
                SELECT r.institution_id, r.lane, r.held FROM leased r WHERE r.lease_until >= now()
            ), turn AS (
                (SELECT j.institution_id, j.lane FROM job j WHERE j.state = 'waiting' AND j.priority = level
                 ORDER BY j.institution_id, j.lane LIMIT 1)
                UNION ALL
                SELECT n.* FROM turn t CROSS JOIN LATERAL (
                    SELECT j.institution_id, j.lane FROM job j
                    WHERE j.state = 'waiting' AND j.priority = level
                      AND (j.institution_id, j.lane) > (t.institution_id, t.lane)
                    ORDER BY j.institution_id, j.lane LIMIT 1) n
            ), open AS (
                SELECT t.institution_id, t.lane, i.served_at,
                       (SELECT count(*) FROM running r WHERE r.institution_id = t.institution_id) AS busy,
                       CASE WHEN t.lane = '' THEN 1
                            WHEN h.open_until IS NULL THEN coalesce(h.parallel, 2) - coalesce(u.held, 0)
                            WHEN h.open_until <= now() AND u.held IS NULL THEN 1
                            ELSE 0 END AS free
                FROM (SELECT t.institution_id, t.lane FROM turn t
                      UNION SELECT r.institution_id, r.lane FROM leased r WHERE r.lease_until < now()) t
                LEFT JOIN institution i ON i.id = t.institution_id
                LEFT JOIN source_host h ON h.lane = t.lane
                LEFT JOIN (SELECT r.lane, sum(r.held) AS held FROM running r GROUP BY r.lane) u ON u.lane = t.lane
            )
            SELECT j.id, j.institution_id, least(j.slots, o.free)::smallint AS held
            FROM open o CROSS JOIN LATERAL (
                -- One at a time for each thing: a newer job waits until the one that runs is done. One whose worker
                -- died goes first, so that it is not taken beside its successor.
                (SELECT j.id, j.institution_id, j.slots, j.run_at FROM job j
                 WHERE j.state = 'waiting' AND j.priority = level AND j.institution_id = o.institution_id
                   AND j.lane = o.lane AND j.run_at <= now()
                   AND j.attempts < 20 -- what kills its worker each time is not tried for ever
                   AND NOT EXISTS (SELECT FROM leased r WHERE r.kind = j.kind AND r.dedupe = j.dedupe)
                 ORDER BY j.run_at, j.id LIMIT 1)
                UNION ALL
                SELECT j.id, j.institution_id, j.slots, j.run_at FROM leased j
                WHERE j.lease_until < now() AND j.priority = level AND j.institution_id = o.institution_id
                  AND j.lane = o.lane AND j.attempts < 20
                  AND NOT EXISTS (SELECT FROM leased r WHERE r.kind = j.kind AND r.dedupe = j.dedupe
                                  AND r.lease_until >= now())) j
            WHERE o.busy < 3 AND o.free > 0
            ORDER BY o.busy, o.served_at NULLS FIRST, j.run_at, j.id
        LOOP
            -- Somebody is changing it: another one meanwhile.
            PERFORM FROM job j WHERE j.id = one.id AND (j.state = 'waiting' OR j.lease_until < now()) FOR UPDATE SKIP LOCKED;
            CONTINUE WHEN NOT FOUND;
            UPDATE institution i SET served_at = now() WHERE i.id = (
                SELECT s.id FROM institution s WHERE s.id = one.institution_id FOR NO KEY UPDATE SKIP LOCKED);
            RETURN QUERY UPDATE job j SET state = 'leased', attempts = j.attempts + 1, held = one.held,
                                          lease_until = now() + lease_s * interval '1 second'
            WHERE j.id = one.id
            RETURNING j.id, j.institution_id, j.kind, j.payload::text, j.attempts::bigint, j.priority::bigint, j.lane,
                      j.held::bigint;
            RETURN;
        END LOOP;
    END LOOP;
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
            lane = excluded.lane, slots = excluded.slots
        WHERE excluded.priority > j.priority OR excluded.run_at < j.run_at OR excluded.lane <> j.lane
        RETURNING 1
    )
    SELECT count(*) INTO n FROM added;
    RETURN n;
END $$;

CREATE FUNCTION reading_page_purge() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM reading_page WHERE kept_at < now() - interval '1 hour'
$$;

-- For the operator: courses whose last reading failed, and the sources' own limits.
CREATE FUNCTION sync_failing()
RETURNS TABLE (institution_id bigint, title text, error text, failed_at timestamptz, next_read_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.institution_id, coalesce(nullif(c.title, ''), nullif(c.label, ''), c.context_id), c.sync_error,
           c.sync_failed_at, c.next_read_at
    FROM context c
    WHERE c.sync_error IS NOT NULL
      AND EXISTS (SELECT FROM badge_course b WHERE b.institution_id = c.institution_id AND b.context_id = c.id)
    ORDER BY c.sync_failed_at DESC
$$;

CREATE FUNCTION source_limits() RETURNS TABLE (deployment_id bigint, parallel smallint, refused_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT g.deployment_id, source_parallel(g.kind, g.parallel),
           CASE WHEN g.refused_at >= g.updated_at THEN g.refused_at END
    FROM grade_source g
$$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOREACH f IN ARRAY ARRAY['reading_page_purge()', 'sync_failing()', 'source_limits()', 'source_host_set()',
                             'job_lane()']::regprocedure[] LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO laurel_app', f);
    END LOOP;
END $$;

-- What there is already: hosts, lanes of jobs that wait, and courses that are read by the clock.
UPDATE grade_source SET parallel = parallel;
UPDATE context c SET next_read_at = now() + random() * interval '15 minutes'
WHERE EXISTS (SELECT FROM badge_course b WHERE b.institution_id = c.institution_id AND b.context_id = c.id);
DELETE FROM job WHERE kind = 'sync' AND state IN ('waiting', 'dead');
