-- A batch of launches in one commit, each with its own verdict: 'ok', 'deployment' (unknown, inactive, or its
-- registration disabled) or 'nonce' (used before). Spans institutions, so it runs as the owner, with a fixed search
-- path. Called by sql/query/launch_record.sql only.
--
-- One statement for each kind of row and batch. Two batches may hold the same people, courses and links: so each
-- kind is locked by all launches of a batch before the next kind, in the order of its key. Two batches wait for each
-- other, never both ways. Rows that are as they should be are not written.
CREATE FUNCTION launch_record(
    regs bigint[], launch_ids text[], deployment_ids text[], nonces text[], expires bigint[], subs text[],
    names text[], given_names text[], family_names text[], emails text[], locales text[], sourcedids text[],
    context_ids text[], context_titles text[], context_labels text[], link_ids text[], link_titles text[],
    lineitems_urls text[], lineitem_urls text[], ags text[], nrps_urls text[], launch_roles bigint[],
    learners boolean[], lms_admins boolean[], test_users boolean[], mentees text[], token_hashes bytea[],
    browser_hashes bytea[])
RETURNS TABLE (n bigint, verdict text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
-- A batch is a handful of keys against large tables: the index, row by row, whatever the statistics say (on a new
-- database they say nothing), and planned once.
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    inst bigint[];
    dep bigint[];
    trusts boolean[];
    verdicts text[];
    me bigint[];
    course bigint[];
    roles bigint[];
BEGIN
    SELECT array_agg(d.id ORDER BY t.n), array_agg(d.institution_id ORDER BY t.n),
           array_agg(r.trusts_admin_role ORDER BY t.n)
    INTO dep, inst, trusts
    FROM unnest(regs, deployment_ids) WITH ORDINALITY AS t (reg, deployment_id, n)
    LEFT JOIN registration r ON r.id = t.reg AND r.is_enabled
    LEFT JOIN deployment d ON d.registration_id = r.id AND d.deployment_id = t.deployment_id AND d.is_active;

    -- The insert is the single use. The same launch asked again after a lost connection had committed is no replay.
    WITH input AS (
        SELECT * FROM unnest(regs, nonces, launch_ids::uuid[], expires, dep)
            WITH ORDINALITY AS t (reg, nonce, launch_id, expires_at_s, dep, n)
    ), taken AS (
        INSERT INTO used_nonce AS u (registration_id, nonce, launch_id, expires_at)
        SELECT DISTINCT ON (reg, nonce COLLATE "C") reg, nonce, launch_id,
               greatest(to_timestamp(expires_at_s), now()) + interval '10 minutes'
        FROM input WHERE input.dep IS NOT NULL
        ORDER BY reg, nonce COLLATE "C", input.n
        ON CONFLICT DO NOTHING
        RETURNING u.registration_id, u.nonce, u.launch_id
    )
    SELECT array_agg(CASE WHEN i.dep IS NULL THEN 'deployment'
                          WHEN f.launch_id = i.launch_id THEN 'ok'
                          WHEN was.launch_id = i.launch_id THEN 'again'
                          ELSE 'nonce' END ORDER BY i.n)
    INTO verdicts
    FROM input i
    LEFT JOIN taken f ON f.registration_id = i.reg AND f.nonce = i.nonce
    LEFT JOIN used_nonce was ON was.registration_id = i.reg AND was.nonce = i.nonce;

    -- People
    INSERT INTO person (institution_id, registration_id, sub, name, given_name, family_name, email, locale, sourcedid)
    SELECT DISTINCT ON (t.inst, t.reg, t.sub COLLATE "C") t.inst, t.reg, t.sub, t.name, t.given_name, t.family_name,
           t.email, t.locale, t.sourcedid
    FROM unnest(inst, regs, subs, names, given_names, family_names, emails, locales, sourcedids, verdicts)
        AS t (inst, reg, sub, name, given_name, family_name, email, locale, sourcedid, verdict)
    WHERE t.verdict = 'ok' AND NOT EXISTS (SELECT FROM person p WHERE p.institution_id = t.inst
                                           AND p.registration_id = t.reg AND p.sub = t.sub)
    ORDER BY t.inst, t.reg, t.sub COLLATE "C"
    ON CONFLICT DO NOTHING;
    SELECT array_agg(p.id ORDER BY t.n) INTO me
    FROM unnest(inst, regs, subs, verdicts) WITH ORDINALITY AS t (inst, reg, sub, verdict, n)
    LEFT JOIN person p ON t.verdict = 'ok' AND p.institution_id = t.inst AND p.registration_id = t.reg
        AND p.sub = t.sub;
    -- A launch that withholds a name does not blank what the course's list told.
    WITH news AS (
        SELECT DISTINCT ON (t.inst, t.me) t.*
        FROM unnest(inst, me, names, given_names, family_names, emails, locales, sourcedids)
            AS t (inst, me, name, given_name, family_name, email, locale, sourcedid)
        WHERE t.me IS NOT NULL
    ), stale AS (
        SELECT p.institution_id, p.id
        FROM person p JOIN news t ON t.inst = p.institution_id AND t.me = p.id
        WHERE t.name NOT IN ('', p.name) OR t.given_name NOT IN ('', p.given_name)
           OR t.family_name NOT IN ('', p.family_name) OR t.email NOT IN ('', p.email)
           OR t.locale NOT IN ('', p.locale) OR t.sourcedid NOT IN ('', p.sourcedid)
           OR p.seen_at < now() - interval '1 hour'
        ORDER BY p.institution_id, p.id
        FOR NO KEY UPDATE OF p
    )
    UPDATE person p
    SET name = coalesce(nullif(t.name, ''), p.name), given_name = coalesce(nullif(t.given_name, ''), p.given_name),
        family_name = coalesce(nullif(t.family_name, ''), p.family_name),
        email = coalesce(nullif(t.email, ''), p.email), locale = coalesce(nullif(t.locale, ''), p.locale),
        sourcedid = coalesce(nullif(t.sourcedid, ''), p.sourcedid), seen_at = now()
    FROM stale s JOIN news t ON t.inst = s.institution_id AND t.me = s.id
    WHERE p.institution_id = s.institution_id AND p.id = s.id;

    -- Courses
    INSERT INTO context (institution_id, deployment_id, context_id, title, label)
    SELECT DISTINCT ON (t.inst, t.dep, t.context_id COLLATE "C") t.inst, t.dep, t.context_id, t.title, t.label
    FROM unnest(inst, dep, context_ids, context_titles, context_labels, verdicts)
        AS t (inst, dep, context_id, title, label, verdict)
    WHERE t.verdict = 'ok' AND t.context_id <> ''
      AND NOT EXISTS (SELECT FROM context c WHERE c.institution_id = t.inst AND c.deployment_id = t.dep
                      AND c.context_id = t.context_id)
    ORDER BY t.inst, t.dep, t.context_id COLLATE "C"
    ON CONFLICT DO NOTHING;
    SELECT array_agg(c.id ORDER BY t.n) INTO course
    FROM unnest(inst, dep, context_ids, verdicts) WITH ORDINALITY AS t (inst, dep, context_id, verdict, n)
    LEFT JOIN context c ON t.verdict = 'ok' AND t.context_id <> '' AND c.institution_id = t.inst
        AND c.deployment_id = t.dep AND c.context_id = t.context_id;
    WITH news AS (
        SELECT DISTINCT ON (t.inst, t.course) t.*
        FROM unnest(inst, course, context_titles, context_labels, lineitems_urls, nrps_urls, ags)
            AS t (inst, course, title, label, lineitems_url, nrps_url, ags_scopes)
        WHERE t.course IS NOT NULL
        ORDER BY t.inst, t.course, t.lineitems_url DESC
    ), stale AS (
        SELECT c.institution_id, c.id,
               t.lineitems_url <> '' AND (c.lineitems_url, c.ags_scopes) IS DISTINCT FROM (t.lineitems_url, t.ags_scopes)
                   AS has_new_gradebook
        FROM context c JOIN news t ON t.inst = c.institution_id AND t.course = c.id
        WHERE t.title NOT IN ('', c.title) OR t.label NOT IN ('', c.label) OR t.nrps_url NOT IN ('', c.nrps_url)
           OR (t.lineitems_url <> ''
               AND (c.lineitems_url, c.ags_scopes) IS DISTINCT FROM (t.lineitems_url, t.ags_scopes))
           -- A launch marks its course as due, once for each reading: the row is shared by all its launches.
           OR c.sync_requested_at IS NULL OR c.sync_requested_at <= c.sync_started_at
        ORDER BY c.institution_id, c.id
        FOR NO KEY UPDATE OF c
    ), saved AS (
        -- One launch without the services (another placement) does not forget them.
        UPDATE context c
        SET title = coalesce(nullif(t.title, ''), c.title), label = coalesce(nullif(t.label, ''), c.label),
            nrps_url = coalesce(nullif(t.nrps_url, ''), c.nrps_url),
            lineitems_url = coalesce(nullif(t.lineitems_url, ''), c.lineitems_url),
            ags_scopes = CASE WHEN t.lineitems_url = '' THEN c.ags_scopes ELSE t.ags_scopes END,
            sync_requested_at = now()
        FROM stale s JOIN news t ON t.inst = s.institution_id AND t.course = s.id
        WHERE c.institution_id = s.institution_id AND c.id = s.id
        RETURNING c.institution_id, c.id, s.has_new_gradebook
    )
    -- The first launch that offers a gradebook: awards made before it have no score there yet.
    INSERT INTO job (institution_id, kind, dedupe, payload, priority)
    SELECT s.institution_id, 'scores', 'scores:' || s.id, jsonb_build_object('course', s.id), 5
    FROM saved s WHERE s.has_new_gradebook
    ORDER BY s.id
    ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO NOTHING;

    -- Who is a learner or a mentor in this course is that here, whatever else they may do elsewhere.
    SELECT array_agg(CASE WHEN t.role IN (1, 2) THEN t.role
                          WHEN (t.trusts AND t.is_lms_admin)
                               OR EXISTS (SELECT FROM admin_grant a WHERE a.institution_id = t.inst AND a.person_id = t.me)
                          THEN 4 -- MODEL_ROLE_ADMIN
                          ELSE t.role END ORDER BY t.n)
    INTO roles
    FROM unnest(inst, me, launch_roles, trusts, lms_admins) WITH ORDINALITY AS t (inst, me, role, trusts, is_lms_admin, n);

    INSERT INTO resource_link AS r (institution_id, deployment_id, context_id, resource_link_id, title, lineitem_url)
    SELECT DISTINCT ON (t.inst, t.dep, t.link_id COLLATE "C") t.inst, t.dep, t.course, t.link_id, t.title, t.lineitem_url
    FROM unnest(inst, dep, course, link_ids, link_titles, lineitem_urls, verdicts)
        AS t (inst, dep, course, link_id, title, lineitem_url, verdict)
    WHERE t.verdict = 'ok' AND t.link_id <> ''
    ORDER BY t.inst, t.dep, t.link_id COLLATE "C"
    ON CONFLICT (institution_id, deployment_id, resource_link_id) DO UPDATE
    SET context_id = excluded.context_id, title = excluded.title, lineitem_url = excluded.lineitem_url
    WHERE (r.context_id, r.title, r.lineitem_url) IS DISTINCT FROM
          (excluded.context_id, excluded.title, excluded.lineitem_url);

    INSERT INTO membership AS m (institution_id, context_id, person_id, role, is_learner, is_teacher, is_test_user,
                                 launched_at)
    SELECT DISTINCT ON (t.inst, t.course, t.me) t.inst, t.course, t.me, t.role, t.is_learner, t.launch_role = 3,
           t.is_test_user, now()
    FROM unnest(inst, course, me, roles, launch_roles, learners, test_users)
        AS t (inst, course, me, role, launch_role, is_learner, is_test_user)
    WHERE t.course IS NOT NULL
    ORDER BY t.inst, t.course, t.me
    ON CONFLICT (institution_id, context_id, person_id) DO UPDATE
    SET role = excluded.role, is_learner = excluded.is_learner, is_teacher = excluded.is_teacher,
        is_test_user = excluded.is_test_user, launched_at = now()
    WHERE (m.role, m.is_learner, m.is_teacher, m.is_test_user) IS DISTINCT FROM
          (excluded.role, excluded.is_learner, excluded.is_teacher, excluded.is_test_user)
       OR coalesce(m.launched_at, '-infinity') < now() - interval '1 hour';

    -- Another person in the same browser ends what was open there.
    DELETE FROM session s
    USING unnest(browser_hashes, me) AS t (browser_hash, me)
    WHERE t.me IS NOT NULL AND s.browser_hash = t.browser_hash AND s.person_id <> t.me;
    INSERT INTO session (launch_id, token_hash, browser_hash, institution_id, registration_id, person_id, context_id,
                         role, is_learner, mentees, issuer_keys, expires_at)
    SELECT t.launch_id, t.token_hash, t.browser_hash, t.inst, t.reg, t.me, t.course, t.role, t.is_learner,
           ARRAY(SELECT jsonb_array_elements_text(t.mentees)),
           -- Rights for single issuers count when there are none for the whole institution.
           CASE WHEN t.role <> 4 OR (t.trusts AND t.is_lms_admin)
                     OR EXISTS (SELECT FROM admin_grant a WHERE a.institution_id = t.inst AND a.person_id = t.me
                                AND a.issuer_id = 0)
                THEN '{}'
                ELSE ARRAY(SELECT i.key FROM admin_grant a
                           JOIN issuer i ON i.institution_id = a.institution_id AND i.id = a.issuer_id
                           WHERE a.institution_id = t.inst AND a.person_id = t.me ORDER BY i.key)
           END,
           now() + interval '4 hours'
    FROM unnest(launch_ids::uuid[], token_hashes, browser_hashes, inst, regs, me, course, roles, learners,
                mentees::jsonb[], trusts, lms_admins)
        AS t (launch_id, token_hash, browser_hash, inst, reg, me, course, role, is_learner, mentees, trusts,
              is_lms_admin)
    WHERE t.me IS NOT NULL;

    RETURN QUERY SELECT t.n, CASE t.verdict WHEN 'again' THEN 'ok' ELSE t.verdict END
                 FROM unnest(verdicts) WITH ORDINALITY AS t (verdict, n);
END $$;

-- A session with everything its pages need, by the launch id of the URL and the cookie's hash.
CREATE FUNCTION session_find(launch uuid, hash bytea)
RETURNS TABLE (institution_id bigint, institution text, time_zone text, registration_id bigint, issuer text,
               auth_url text, person_id bigint, person_name text, role smallint, is_learner boolean,
               mentees text[], context_id bigint, course_title text, synced_at bigint, sync_requested_at bigint,
               sync_error text, source_kind text, issuer_keys text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.institution_id, i.name, i.time_zone, s.registration_id, r.issuer, r.auth_url, s.person_id, p.name,
           s.role, s.is_learner, s.mentees, s.context_id, coalesce(nullif(c.title, ''), c.label, ''),
           usec(c.synced_at), usec(c.sync_requested_at), coalesce(c.sync_error, ''), coalesce(g.kind, ''),
           s.issuer_keys
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
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace
             AND proname IN ('launch_record', 'session_find') LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO laurel_app', f);
    END LOOP;
END $$;
