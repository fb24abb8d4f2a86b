-- A batch of launches in one commit, each with its own verdict. Spans institutions, so it runs as the
-- owner, with a fixed search path. Called by sql/query/launch_record.sql only.

CREATE FUNCTION launch_person(i bigint, reg bigint, l jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    p person;
BEGIN
    SELECT * INTO p FROM person WHERE institution_id = i AND registration_id = reg AND sub = l->>'sub';
    IF NOT FOUND THEN
        INSERT INTO person (institution_id, registration_id, sub, name, given_name, family_name, email, locale,
                            sourcedid)
        VALUES (i, reg, l->>'sub', l->>'name', l->>'given_name', l->>'family_name', l->>'email', l->>'locale',
                l->>'sourcedid')
        ON CONFLICT DO NOTHING RETURNING * INTO p;
        IF NOT FOUND THEN -- somebody else was first and has committed
            SELECT * INTO p FROM person WHERE institution_id = i AND registration_id = reg AND sub = l->>'sub';
        END IF;
    ELSIF (l->>'name' NOT IN ('', p.name)) OR (l->>'given_name' NOT IN ('', p.given_name))
          OR (l->>'family_name' NOT IN ('', p.family_name)) OR (l->>'email' NOT IN ('', p.email))
          OR (l->>'locale' NOT IN ('', p.locale)) OR (l->>'sourcedid' NOT IN ('', p.sourcedid))
          OR p.seen_at < now() - interval '1 hour' THEN
        -- A launch that withholds a name does not blank what the course's list told.
        UPDATE person SET name = coalesce(nullif(l->>'name', ''), name),
               given_name = coalesce(nullif(l->>'given_name', ''), given_name),
               family_name = coalesce(nullif(l->>'family_name', ''), family_name),
               email = coalesce(nullif(l->>'email', ''), email), locale = coalesce(nullif(l->>'locale', ''), locale),
               sourcedid = coalesce(nullif(l->>'sourcedid', ''), sourcedid), seen_at = now()
        WHERE institution_id = i AND id = p.id;
    END IF;
    RETURN p.id;
END $$;

CREATE FUNCTION launch_context(i bigint, dep bigint, l jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    c context;
BEGIN
    IF l->>'context_id' = '' THEN
        RETURN NULL;
    END IF;
    SELECT * INTO c FROM context WHERE institution_id = i AND deployment_id = dep AND context_id = l->>'context_id';
    IF NOT FOUND THEN
        INSERT INTO context (institution_id, deployment_id, context_id, title, label, lineitems_url, nrps_url,
                             ags_scopes, sync_requested_at)
        VALUES (i, dep, l->>'context_id', l->>'context_title', l->>'context_label', l->>'lineitems_url',
                l->>'nrps_url', l->>'ags_scopes', now())
        ON CONFLICT DO NOTHING RETURNING * INTO c;
        IF NOT FOUND THEN
            SELECT * INTO c FROM context
            WHERE institution_id = i AND deployment_id = dep AND context_id = l->>'context_id';
        END IF;
    ELSIF (l->>'context_title' NOT IN ('', c.title)) OR (l->>'context_label' NOT IN ('', c.label))
          OR (l->>'nrps_url' NOT IN ('', c.nrps_url))
          OR (l->>'lineitems_url' <> ''
              AND (c.lineitems_url, c.ags_scopes) IS DISTINCT FROM (l->>'lineitems_url', l->>'ags_scopes'))
          -- A launch marks its course as due, once for each reading: the row is shared by all its launches.
          OR coalesce(c.sync_requested_at, '-infinity') <= coalesce(c.sync_started_at, '-infinity') THEN
        -- One launch without the services (another placement) does not forget them.
        UPDATE context SET title = coalesce(nullif(l->>'context_title', ''), title),
               label = coalesce(nullif(l->>'context_label', ''), label),
               nrps_url = coalesce(nullif(l->>'nrps_url', ''), nrps_url),
               lineitems_url = coalesce(nullif(l->>'lineitems_url', ''), lineitems_url),
               ags_scopes = CASE WHEN l->>'lineitems_url' = '' THEN ags_scopes ELSE l->>'ags_scopes' END,
               sync_requested_at = now()
        WHERE institution_id = i AND id = c.id;
    END IF;
    -- The first launch that offers a gradebook: awards made before it have no score there yet.
    IF l->>'lineitems_url' <> '' AND (c.lineitems_url, c.ags_scopes) IS DISTINCT FROM
       (l->>'lineitems_url', l->>'ags_scopes') THEN
        INSERT INTO job (institution_id, kind, dedupe, payload, priority)
        VALUES (i, 'scores', 'scores:' || c.id, jsonb_build_object('course', c.id), 5)
        ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO NOTHING;
    END IF;
    RETURN c.id;
END $$;

-- plpgsql, not sql: the plans of these are kept, those of sql functions are made at each call.
CREATE FUNCTION launch_link(i bigint, dep bigint, course bigint, l jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO resource_link AS r (institution_id, deployment_id, context_id, resource_link_id, title, lineitem_url)
    SELECT i, dep, course, l->>'resource_link_id', l->>'resource_link_title', l->>'lineitem_url'
    WHERE l->>'resource_link_id' <> ''
    ON CONFLICT (institution_id, deployment_id, resource_link_id) DO UPDATE
    SET context_id = excluded.context_id, title = excluded.title, lineitem_url = excluded.lineitem_url
    WHERE (r.context_id, r.title, r.lineitem_url) IS DISTINCT FROM
          (excluded.context_id, excluded.title, excluded.lineitem_url);
END $$;

CREATE FUNCTION launch_member(i bigint, course bigint, me bigint, my_role smallint, l jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO membership AS m (institution_id, context_id, person_id, role, is_learner, is_teacher, is_test_user,
                                 launched_at)
    VALUES (i, course, me, my_role, (l->>'is_learner')::boolean, (l->>'role')::smallint = 3,
            (l->>'is_test_user')::boolean, now())
    ON CONFLICT (institution_id, context_id, person_id) DO UPDATE
    SET role = excluded.role, is_learner = excluded.is_learner, is_teacher = excluded.is_teacher,
        is_test_user = excluded.is_test_user, launched_at = now()
    WHERE (m.role, m.is_learner, m.is_teacher, m.is_test_user) IS DISTINCT FROM
          (excluded.role, excluded.is_learner, excluded.is_teacher, excluded.is_test_user)
       OR coalesce(m.launched_at, '-infinity') < now() - interval '1 hour';
END $$;

-- Two batches may hold the same people, courses and links. So each kind of row is locked by all launches of a
-- batch before the next kind, in the order of its key: two batches wait for each other, never both ways.
CREATE FUNCTION launch_record(regs bigint[], launches text[], token_hashes bytea[], browser_hashes bytea[])
RETURNS TABLE (n bigint, verdict text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    l jsonb[] := launches::jsonb[];
    verdicts text[] := array_fill('ok'::text, ARRAY[cardinality(regs)]);
    inst bigint[];
    dep bigint[];
    trusts boolean[];
    me bigint[];
    course bigint[];
    roles smallint[];
    found_one record;
    was uuid;
    i int;
BEGIN
    FOR i IN 1 .. cardinality(regs) LOOP
        SELECT d.id, d.institution_id, r.trusts_admin_role INTO found_one
        FROM deployment d JOIN registration r ON r.id = d.registration_id
        WHERE d.registration_id = regs[i] AND d.deployment_id = l[i]->>'deployment_id' AND d.is_active
          AND r.is_enabled;
        dep[i] := found_one.id;
        inst[i] := found_one.institution_id;
        trusts[i] := found_one.trusts_admin_role;
        IF dep[i] IS NULL THEN
            verdicts[i] := 'deployment';
        END IF;
    END LOOP;
    FOR i IN SELECT g FROM generate_series(1, cardinality(regs)) g WHERE verdicts[g] = 'ok'
             ORDER BY regs[g], l[g]->>'nonce' COLLATE "C" LOOP
        INSERT INTO used_nonce (registration_id, nonce, launch_id, expires_at)
        VALUES (regs[i], l[i]->>'nonce', (l[i]->>'launch_id')::uuid,
                greatest(to_timestamp((l[i]->>'expires_at_s')::bigint), now()) + interval '10 minutes')
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            -- The same launch asked again after a lost connection had committed: that is no replay.
            SELECT launch_id INTO was FROM used_nonce WHERE registration_id = regs[i] AND nonce = l[i]->>'nonce';
            verdicts[i] := CASE WHEN was = (l[i]->>'launch_id')::uuid THEN 'again' ELSE 'nonce' END;
        END IF;
    END LOOP;
    FOR i IN SELECT g FROM generate_series(1, cardinality(regs)) g WHERE verdicts[g] = 'ok'
             ORDER BY inst[g], regs[g], l[g]->>'sub' COLLATE "C" LOOP
        me[i] := launch_person(inst[i], regs[i], l[i]);
    END LOOP;
    FOR i IN SELECT g FROM generate_series(1, cardinality(regs)) g WHERE verdicts[g] = 'ok'
             ORDER BY inst[g], dep[g], l[g]->>'context_id' COLLATE "C" LOOP
        course[i] := launch_context(inst[i], dep[i], l[i]);
        -- Who is a learner or a mentor in this course is that here, whatever else they may do elsewhere.
        roles[i] := CASE
            WHEN (l[i]->>'role')::smallint IN (1, 2) THEN (l[i]->>'role')::smallint
            WHEN (trusts[i] AND (l[i]->>'is_lms_admin')::boolean)
                 OR EXISTS (SELECT FROM admin_grant a WHERE a.institution_id = inst[i] AND a.person_id = me[i])
            THEN 4 -- MODEL_ROLE_ADMIN
            ELSE (l[i]->>'role')::smallint END;
    END LOOP;
    FOR i IN SELECT g FROM generate_series(1, cardinality(regs)) g WHERE verdicts[g] = 'ok'
             ORDER BY inst[g], dep[g], l[g]->>'resource_link_id' COLLATE "C" LOOP
        PERFORM launch_link(inst[i], dep[i], course[i], l[i]);
    END LOOP;
    FOR i IN SELECT g FROM generate_series(1, cardinality(regs)) g
             WHERE verdicts[g] = 'ok' AND course[g] IS NOT NULL ORDER BY inst[g], course[g], me[g] LOOP
        PERFORM launch_member(inst[i], course[i], me[i], roles[i], l[i]);
    END LOOP;
    FOR i IN SELECT g FROM generate_series(1, cardinality(regs)) g WHERE verdicts[g] = 'ok'
             ORDER BY browser_hashes[g] LOOP
        -- Another person in the same browser ends what was open there.
        DELETE FROM session s WHERE s.browser_hash = browser_hashes[i] AND s.person_id <> me[i];
        INSERT INTO session (launch_id, token_hash, browser_hash, institution_id, registration_id, person_id,
                             context_id, role, is_learner, mentees, expires_at)
        VALUES ((l[i]->>'launch_id')::uuid, token_hashes[i], browser_hashes[i], inst[i], regs[i], me[i], course[i],
                roles[i], (l[i]->>'is_learner')::boolean, ARRAY(SELECT jsonb_array_elements_text(l[i]->'mentees')),
                now() + interval '4 hours');
    END LOOP;
    RETURN QUERY SELECT g::bigint, CASE verdicts[g] WHEN 'again' THEN 'ok' ELSE verdicts[g] END
                 FROM generate_series(1, cardinality(regs)) g;
END $$;

-- A session with everything its pages need, by the launch id of the URL and the cookie's hash.
CREATE FUNCTION session_find(launch uuid, hash bytea)
RETURNS TABLE (institution_id bigint, institution text, time_zone text, registration_id bigint, issuer text,
               auth_url text, person_id bigint, person_name text, role smallint, is_learner boolean,
               mentees text[], context_id bigint, course_title text, synced_at bigint, sync_requested_at bigint,
               sync_error text, source_kind text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.institution_id, i.name, i.time_zone, s.registration_id, r.issuer, r.auth_url, s.person_id, p.name,
           s.role, s.is_learner, s.mentees, s.context_id, coalesce(nullif(c.title, ''), c.label, ''),
           usec(c.synced_at), usec(c.sync_requested_at), coalesce(c.sync_error, ''), coalesce(g.kind, '')
    FROM session s
    JOIN institution i ON i.id = s.institution_id
    JOIN registration r ON r.id = s.registration_id AND r.is_enabled
    JOIN person p ON p.institution_id = s.institution_id AND p.id = s.person_id
    LEFT JOIN context c ON c.institution_id = s.institution_id AND c.id = s.context_id
    LEFT JOIN grade_source g ON g.institution_id = c.institution_id AND g.deployment_id = c.deployment_id
    WHERE s.launch_id = launch AND s.token_hash = hash AND s.expires_at > now()
$$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOREACH f IN ARRAY ARRAY[
        'launch_person(bigint, bigint, jsonb)', 'launch_context(bigint, bigint, jsonb)',
        'launch_link(bigint, bigint, bigint, jsonb)', 'launch_member(bigint, bigint, bigint, smallint, jsonb)',
        'launch_record(bigint[], text[], bytea[], bytea[])',
        'session_find(uuid, bytea)']::regprocedure[]
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION launch_record(bigint[], text[], bytea[], bytea[]), session_find(uuid, bytea) TO laurel_app;
