-- What spans institutions: the operator's look-ups and the scheduler. They run as the owner, with a fixed
-- search path, and are called by the statements of sql/query only.

CREATE FUNCTION course_find(context text)
RETURNS TABLE (institution_id bigint, id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT c.institution_id, c.id FROM context c WHERE c.context_id = context ORDER BY c.id LIMIT 100
$$;

CREATE FUNCTION source_list()
RETURNS TABLE (institution_id bigint, deployment_id bigint, kind text, base_url text, updated_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT institution_id, deployment_id, kind, base_url, updated_at FROM grade_source
$$;

CREATE FUNCTION award_rows(want_id uuid, want_badge text, want_sub text, want_context text)
RETURNS TABLE (institution_id bigint, award_id bigint, registration_id bigint, badge_key text, badge_name text,
               is_in_gradebook boolean, sub text, person_name text, context_id text, course_title text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.institution_id, a.id, p.registration_id, b.key, b.name,
           coalesce((b.definition->>'gradebook')::boolean, false), p.sub, p.name, coalesce(c.context_id, ''),
           coalesce(nullif(c.title, ''), c.label, '')
    FROM award a
    JOIN badge b ON b.institution_id = a.institution_id AND b.id = a.badge_id
    JOIN person p ON p.institution_id = a.institution_id AND p.id = a.person_id
    LEFT JOIN context c ON c.institution_id = a.institution_id AND c.id = a.context_id
    WHERE (want_id IS NULL OR a.public_id = want_id)
      AND (want_badge IS NULL OR b.key = want_badge)
      AND (want_sub IS NULL OR p.sub = want_sub)
      AND (want_context IS NULL OR c.context_id = want_context)
    ORDER BY a.id
    LIMIT 100000
$$;

CREATE FUNCTION award_list_all(ids bigint[]) RETURNS SETOF award
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT * FROM award WHERE id = ANY (ids) ORDER BY id
$$;

-- Courses with badges and a source are read when somebody asked, every two minutes while people use them,
-- every quarter of an hour on a day they were used, else every six hours. A reading that failed waits
-- five minutes unless somebody asks.
CREATE FUNCTION sync_schedule() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH course AS (
        SELECT c.*, (SELECT max(m.launched_at) FROM membership m
                     WHERE m.institution_id = c.institution_id AND m.context_id = c.id) AS used_at
        FROM context c
        JOIN grade_source g ON g.institution_id = c.institution_id AND g.deployment_id = c.deployment_id
        WHERE g.kind <> 'csv'
          AND EXISTS (SELECT FROM badge_course b WHERE b.institution_id = c.institution_id AND b.context_id = c.id)
    ), due AS (
        SELECT institution_id, id,
               sync_requested_at > coalesce(sync_started_at, '-infinity') AS is_asked
        FROM course
        WHERE sync_requested_at > coalesce(sync_started_at, '-infinity')
           OR (greatest(synced_at, '-infinity') < now() - CASE
                   WHEN used_at > now() - interval '1 hour' THEN interval '2 minutes'
                   WHEN used_at > now() - interval '1 day' THEN interval '15 minutes'
                   ELSE interval '6 hours' END
               AND greatest(sync_failed_at, '-infinity') < now() - interval '5 minutes')
    ), added AS (
        INSERT INTO job AS j (institution_id, kind, dedupe, payload, priority)
        SELECT institution_id, 'sync', 'sync:' || id, jsonb_build_object('course', id),
               CASE WHEN is_asked THEN 10 ELSE 0 END
        FROM due
        WHERE NOT EXISTS (SELECT FROM job r WHERE r.kind = 'sync' AND r.dedupe = 'sync:' || due.id
                          AND r.state = 'leased')
        -- One that waits after a failure comes at once when somebody asks.
        ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO UPDATE
        SET run_at = least(j.run_at, now()), priority = greatest(j.priority, excluded.priority)
        WHERE excluded.priority > j.priority OR (excluded.priority = 10 AND j.run_at > now())
        RETURNING 1
    )
    SELECT count(*) FROM added
$$;

-- What happens by time alone: awards end, and once a day everybody is judged, for award_on dates that have
-- come and grace periods that are over.
CREATE FUNCTION time_passes() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH ended AS (
        UPDATE award SET state = 5, is_by_hand = false -- MODEL_AWARD_EXPIRED
        WHERE state IN (2, 3) AND expires_at <= now()
        RETURNING institution_id, id
    )
    INSERT INTO audit (institution_id, action, object)
    SELECT institution_id, 'award_expired', jsonb_build_object('award', id) FROM ended;

    WITH due AS (
        UPDATE context c SET judged_on = (now() AT TIME ZONE i.time_zone)::date
        FROM institution i
        WHERE i.id = c.institution_id AND c.judged_on IS DISTINCT FROM (now() AT TIME ZONE i.time_zone)::date
          AND c.synced_at IS NOT NULL
          AND EXISTS (SELECT FROM badge_course b WHERE b.institution_id = c.institution_id AND b.context_id = c.id)
        RETURNING c.institution_id, c.id
    )
    INSERT INTO job (institution_id, kind, dedupe, payload)
    SELECT institution_id, 'judge', 'judge:all:' || id, jsonb_build_object('course', id) FROM due
    ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO NOTHING;
$$;

CREATE FUNCTION sync_request_all() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH asked AS (
        UPDATE context c SET sync_requested_at = now()
        WHERE EXISTS (SELECT FROM badge_course b WHERE b.institution_id = c.institution_id AND b.context_id = c.id)
        RETURNING 1
    )
    SELECT count(*) FROM asked
$$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOREACH f IN ARRAY ARRAY['course_find(text)', 'source_list()', 'award_rows(uuid, text, text, text)',
        'award_list_all(bigint[])', 'sync_schedule()', 'sync_request_all()', 'time_passes()']::regprocedure[]
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO laurel_app', f);
    END LOOP;
END $$;
