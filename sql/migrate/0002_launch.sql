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
    ELSIF (p.name, p.given_name, p.family_name, p.email, p.locale, p.sourcedid) IS DISTINCT FROM
          (l->>'name', l->>'given_name', l->>'family_name', l->>'email', l->>'locale', l->>'sourcedid')
          OR p.seen_at < now() - interval '1 hour' THEN
        UPDATE person SET name = l->>'name', given_name = l->>'given_name', family_name = l->>'family_name',
               email = l->>'email', locale = l->>'locale', sourcedid = l->>'sourcedid', seen_at = now()
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
    ELSIF (c.title, c.label, c.lineitems_url, c.nrps_url, c.ags_scopes) IS DISTINCT FROM
          (l->>'context_title', l->>'context_label', l->>'lineitems_url', l->>'nrps_url', l->>'ags_scopes')
          -- A launch marks its course as due, at most every five seconds: the row is shared by all its launches.
          OR coalesce(c.sync_requested_at, '-infinity') < now() - interval '5 seconds' THEN
        UPDATE context SET title = l->>'context_title', label = l->>'context_label',
               lineitems_url = l->>'lineitems_url', nrps_url = l->>'nrps_url', ags_scopes = l->>'ags_scopes',
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

CREATE FUNCTION launch_one(reg bigint, l jsonb, token_hash bytea, browser_hash bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    dep record;
    me bigint;
    course bigint;
    was uuid;
    my_role smallint := (l->>'role')::smallint;
BEGIN
    SELECT d.id, d.institution_id, r.trusts_admin_role INTO dep
    FROM deployment d JOIN registration r ON r.id = d.registration_id
    WHERE d.registration_id = reg AND d.deployment_id = l->>'deployment_id' AND d.is_active AND r.is_enabled;
    IF NOT FOUND THEN
        RETURN 'deployment';
    END IF;
    INSERT INTO used_nonce (registration_id, nonce, launch_id, expires_at)
    VALUES (reg, l->>'nonce', (l->>'launch_id')::uuid,
            greatest(to_timestamp((l->>'expires_at_s')::bigint), now()) + interval '10 minutes')
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        -- The same launch asked again after a lost connection had committed: that is no replay.
        SELECT launch_id INTO was FROM used_nonce WHERE registration_id = reg AND nonce = l->>'nonce';
        RETURN CASE WHEN was = (l->>'launch_id')::uuid THEN 'ok' ELSE 'nonce' END;
    END IF;
    me := launch_person(dep.institution_id, reg, l);
    course := launch_context(dep.institution_id, dep.id, l);
    IF (dep.trusts_admin_role AND (l->>'is_lms_admin')::boolean)
       OR EXISTS (SELECT FROM admin_grant WHERE institution_id = dep.institution_id AND person_id = me) THEN
        my_role := 4; -- MODEL_ROLE_ADMIN
    END IF;
    IF l->>'resource_link_id' <> '' THEN
        INSERT INTO resource_link AS r (institution_id, deployment_id, context_id, resource_link_id, title,
                                        lineitem_url)
        VALUES (dep.institution_id, dep.id, course, l->>'resource_link_id', l->>'resource_link_title',
                l->>'lineitem_url')
        ON CONFLICT (institution_id, deployment_id, resource_link_id) DO UPDATE
        SET context_id = excluded.context_id, title = excluded.title, lineitem_url = excluded.lineitem_url
        WHERE (r.context_id, r.title, r.lineitem_url) IS DISTINCT FROM
              (excluded.context_id, excluded.title, excluded.lineitem_url);
    END IF;
    IF course IS NOT NULL THEN
        INSERT INTO membership AS m (institution_id, context_id, person_id, role, is_learner, is_teacher,
                                     is_test_user, launched_at)
        VALUES (dep.institution_id, course, me, my_role, (l->>'is_learner')::boolean,
                (l->>'role')::smallint = 3, (l->>'is_test_user')::boolean, now())
        ON CONFLICT (institution_id, context_id, person_id) DO UPDATE
        SET role = excluded.role, is_learner = excluded.is_learner, is_teacher = excluded.is_teacher,
            is_test_user = excluded.is_test_user, launched_at = now()
        WHERE (m.role, m.is_learner, m.is_teacher, m.is_test_user) IS DISTINCT FROM
              (excluded.role, excluded.is_learner, excluded.is_teacher, excluded.is_test_user)
           OR coalesce(m.launched_at, '-infinity') < now() - interval '1 hour';
    END IF;
    -- Another person in the same browser ends what was open there.
    DELETE FROM session s WHERE s.browser_hash = launch_one.browser_hash AND s.person_id <> me;
    INSERT INTO session (launch_id, token_hash, browser_hash, institution_id, registration_id, person_id,
                         context_id, role, is_learner, mentees, expires_at)
    VALUES ((l->>'launch_id')::uuid, token_hash, browser_hash, dep.institution_id, reg, me, course, my_role,
            (l->>'is_learner')::boolean,
            ARRAY(SELECT jsonb_array_elements_text(l->'mentees')), now() + interval '4 hours');
    RETURN 'ok';
END $$;

CREATE FUNCTION launch_record(regs bigint[], launches text[], token_hashes bytea[], browser_hashes bytea[])
RETURNS TABLE (n bigint, verdict text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT t.n, launch_one(t.reg, t.launch::jsonb, t.token_hash, t.browser_hash)
    FROM unnest(regs, launches, token_hashes, browser_hashes)
        WITH ORDINALITY AS t (reg, launch, token_hash, browser_hash, n)
    ORDER BY t.n
$$;

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
        'launch_one(bigint, jsonb, bytea, bytea)', 'launch_record(bigint[], text[], bytea[], bytea[])',
        'session_find(uuid, bytea)']::regprocedure[]
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION launch_record(bigint[], text[], bytea[], bytea[]), session_find(uuid, bytea) TO laurel_app;
