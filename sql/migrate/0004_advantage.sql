-- LTI Advantage: invitations to register, deployments that wait for approval, deep linking, course copies, notices,
-- people from LTI 1.1, keys of single registrations.

ALTER TABLE registration
    -- Whose invitation made it: that school's admins may approve deployments. NULL: the operator's, schools may share it.
    ADD COLUMN institution_id bigint REFERENCES institution,
    ADD COLUMN approves_deployments boolean NOT NULL DEFAULT false, -- a new one joins institution_id unasked
    ADD COLUMN offers_storage boolean NOT NULL DEFAULT false,       -- platform storage was offered in a login
    ADD COLUMN scopes text NOT NULL DEFAULT '', -- granted by dynamic registration, space-separated; empty: not known
    -- A refused launch adds no row. What it tells is a note here, bounded in number:
    ADD COLUMN parked jsonb NOT NULL DEFAULT '{}',   -- deployments that wait: id -> {title, first_at, last_at, count},
                                                     -- and those an admin refused: with "refused": true
    ADD COLUMN problems jsonb NOT NULL DEFAULT '{}'; -- launches refused: reason -> {text, last_at, count}

ALTER TABLE deployment
    ADD COLUMN notices_url text NOT NULL DEFAULT '',        -- the platform notification service; empty: not offered
    ADD COLUMN notice_types text NOT NULL DEFAULT '',       -- space-separated
    ADD COLUMN notices_handler text NOT NULL DEFAULT '',    -- our address as the platform has it
    ADD COLUMN capabilities jsonb NOT NULL DEFAULT '{}',    -- what the last probe found
    ADD COLUMN probed_at timestamptz;

ALTER TABLE tool_key
    ADD COLUMN registration_id bigint REFERENCES registration, -- NULL: of registrations without a key of their own
    ADD COLUMN signs_from timestamptz NOT NULL DEFAULT now();  -- published before, so that caches have it
-- The newest that signs_from has reached signs, and it is published until 14 days after its successor's: what
-- retired_at said follows from that. published_until stays as the way to take a key back earlier.
UPDATE tool_key SET signs_from = created_at;
CREATE INDEX tool_key_registration ON tool_key (registration_id, signs_from);

-- A school on Canvas's cloud may have a host of its own, which no address of the registration tells but every launch does:
-- its pages frame ours. Empty: the registration's hosts are all there is.
ALTER TABLE session ADD COLUMN frame_origin text NOT NULL DEFAULT '';

-- A one-time link to /lti/register. registration_id: it may update that one, and no other.
CREATE TABLE invite (
    code_hash bytea PRIMARY KEY,
    institution_id bigint NOT NULL REFERENCES institution,
    registration_id bigint REFERENCES registration,
    config_host text NOT NULL DEFAULT '', -- a host that may hold endpoints of another host's issuer
    approves_deployments boolean NOT NULL DEFAULT false, -- for the registration it makes
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

-- A platform's notices, once each.
CREATE TABLE notice_seen (
    registration_id bigint NOT NULL,
    notice_id text COLLATE "C" NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (registration_id, notice_id)
);

-- The secrets of LTI 1.1 that verify a migration claim.
CREATE TABLE legacy_consumer (
    registration_id bigint NOT NULL REFERENCES registration,
    consumer_key lti_id NOT NULL,
    secret_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (registration_id, consumer_key)
);

-- What a person of LTI 1.1 was called, once they have come under their new name: an import finds them again.
ALTER TABLE person ADD COLUMN legacy_sub text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX person_legacy ON person (institution_id, registration_id, legacy_sub) WHERE legacy_sub <> '';

-- A deep linking request waits for its answer; used_at makes the answer single.
CREATE TABLE deep_link (
    institution_id bigint NOT NULL,
    launch_id uuid NOT NULL,
    deployment_id bigint NOT NULL,
    return_url text NOT NULL,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz,
    PRIMARY KEY (institution_id, launch_id)
);

-- A course that was made from another: its badges are proposed, and nothing is awarded until somebody confirms.
CREATE TABLE course_copy (
    institution_id bigint NOT NULL,
    context_id bigint NOT NULL,
    origin_id bigint NOT NULL, -- the course it was copied from
    state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'confirmed', 'declined')),
    noticed_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    decided_by_person_id bigint,
    PRIMARY KEY (institution_id, context_id, origin_id)
);

-- Which item of this course stands for the one a rule names (include/badge/badge_map.h): rules are shared by courses,
-- item ids are not.
ALTER TABLE badge_course ADD COLUMN item_map jsonb NOT NULL DEFAULT '[]';
-- When a deep linking answer asked the platform for the badge's gradebook column: it is never asked for twice.
ALTER TABLE badge_course ADD COLUMN column_asked_at timestamptz;

-- The column's name as the platform has it: a badge that was renamed shows there too.
ALTER TABLE line_item ADD COLUMN label text NOT NULL DEFAULT '';

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['deep_link', 'course_copy'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant ON %I
            USING (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)
            WITH CHECK (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)$p$, t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO laurel_app', t);
    END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON invite, notice_seen, legacy_consumer TO laurel_app;

-- The nearest course of a history that has badges becomes a proposal, within one deployment only (attacks.md E8).
CREATE FUNCTION course_copy_propose(inst bigint, course bigint, origins text[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO course_copy (institution_id, context_id, origin_id)
    SELECT inst, course, o.id
    FROM context c
    JOIN unnest(origins) WITH ORDINALITY AS t (context_id, n) ON true
    JOIN context o ON o.institution_id = c.institution_id AND o.deployment_id = c.deployment_id
        AND o.context_id = t.context_id AND o.id <> c.id
    WHERE c.institution_id = inst AND c.id = course
      AND EXISTS (SELECT FROM badge_course b WHERE b.institution_id = inst AND b.context_id = o.id
                  AND NOT EXISTS (SELECT FROM badge_course mine WHERE mine.institution_id = inst
                                  AND mine.context_id = course AND mine.badge_id = b.badge_id))
    ORDER BY t.n
    LIMIT 1
    ON CONFLICT DO NOTHING;
    RETURN FOUND;
END $$;

-- A notice that a course was copied: 'ok', 'again' (seen before), 'deployment' (unknown or inactive).
CREATE FUNCTION notice_copied(reg bigint, notice text, keep_until timestamptz, deployment text, new_context text,
                              new_title text, new_label text, origins text[]) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    dep deployment;
    course bigint;
BEGIN
    SELECT d.* INTO dep FROM deployment d JOIN registration r ON r.id = d.registration_id AND r.is_enabled
    WHERE d.registration_id = reg AND d.deployment_id = deployment AND d.is_active;
    IF NOT FOUND THEN
        RETURN 'deployment';
    END IF;
    INSERT INTO notice_seen (registration_id, notice_id, expires_at) VALUES (reg, notice, keep_until)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN 'again';
    END IF;
    IF new_context <> '' THEN
        INSERT INTO context AS c (institution_id, deployment_id, context_id, title, label)
        VALUES (dep.institution_id, dep.id, new_context, new_title, new_label)
        ON CONFLICT (institution_id, deployment_id, context_id) DO UPDATE
        SET title = coalesce(nullif(c.title, ''), excluded.title)
        RETURNING id INTO course;
        PERFORM course_copy_propose(dep.institution_id, course, origins);
    END IF;
    RETURN 'ok';
END $$;

-- People and links of LTI 1.1 whose claim was verified get their new names before the launch is recorded. Whoever
-- has launched under the new name already keeps what was earned under the old one.
CREATE FUNCTION launch_legacy(reg bigint, deployment text, sub text, link text, was jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    dep deployment;
    old_sub text := 'lti1p1:' || (was->>'consumer_key') || ':' || (was->>'user_id');
    old_link text := 'lti1p1:' || (was->>'consumer_key') || ':' || (was->>'resource_link_id');
    old_person bigint;
    new_person bigint;
BEGIN
    SELECT d.* INTO dep FROM deployment d JOIN registration r ON r.id = d.registration_id AND r.is_enabled
    WHERE d.registration_id = reg AND d.deployment_id = deployment AND d.is_active;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT id INTO old_person FROM person p
    WHERE p.institution_id = dep.institution_id AND p.registration_id = reg AND p.sub = old_sub FOR UPDATE;
    IF FOUND THEN
        SELECT id INTO new_person FROM person p
        WHERE p.institution_id = dep.institution_id AND p.registration_id = reg AND p.sub = launch_legacy.sub;
        IF NOT FOUND THEN
            UPDATE person p SET sub = launch_legacy.sub, legacy_sub = old_sub
            WHERE p.institution_id = dep.institution_id AND p.id = old_person;
        ELSE
            UPDATE award a SET person_id = new_person
            WHERE a.institution_id = dep.institution_id AND a.person_id = old_person
              AND NOT (a.state IN (0, 2, 3)
                       AND EXISTS (SELECT FROM award b WHERE b.institution_id = a.institution_id
                                   AND b.badge_id = a.badge_id AND b.person_id = new_person AND b.state IN (0, 2, 3)));
            UPDATE person p SET legacy_sub = old_sub
            WHERE p.institution_id = dep.institution_id AND p.id = new_person AND p.legacy_sub <> old_sub;
        END IF;
    END IF;
    UPDATE resource_link r SET resource_link_id = link
    WHERE link <> '' AND r.institution_id = dep.institution_id AND r.deployment_id = dep.id
      AND r.resource_link_id = old_link
      AND NOT EXISTS (SELECT FROM resource_link n WHERE n.institution_id = dep.institution_id
                      AND n.deployment_id = dep.id AND n.resource_link_id = link);
END $$;

-- What some launches bring besides: see include/store/store_launch.h. Called after launch_record, in its transaction.
CREATE FUNCTION launch_extras(launch uuid, extras jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    s session;
    dep deployment;
BEGIN
    SELECT * INTO s FROM session WHERE launch_id = launch;
    IF NOT FOUND THEN
        RETURN; -- refused
    END IF;
    SELECT * INTO dep FROM deployment
    WHERE registration_id = s.registration_id AND deployment_id = extras->>'deployment_id';
    IF extras ? 'deep_link' THEN
        INSERT INTO deep_link (institution_id, launch_id, deployment_id, return_url, settings)
        VALUES (s.institution_id, launch, dep.id, extras->'deep_link'->>'return_url', extras->'deep_link'->'settings')
        ON CONFLICT DO NOTHING;
    END IF;
    IF extras ? 'notices' AND (dep.notices_url, dep.notice_types) IS DISTINCT FROM
            (extras->'notices'->>'url', extras->'notices'->>'types') THEN
        UPDATE deployment SET notices_url = extras->'notices'->>'url', notice_types = extras->'notices'->>'types'
        WHERE id = dep.id;
        INSERT INTO job (institution_id, kind, dedupe, payload)
        VALUES (s.institution_id, 'notices', 'notices:' || dep.id, jsonb_build_object('deployment', dep.id))
        ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO NOTHING;
    END IF;
    IF extras ? 'history' AND s.context_id IS NOT NULL THEN
        PERFORM course_copy_propose(s.institution_id, s.context_id,
                                    ARRAY(SELECT jsonb_array_elements_text(extras->'history')));
    END IF;
    IF extras ? 'frame_origin' THEN
        UPDATE session SET frame_origin = extras->>'frame_origin' WHERE launch_id = launch;
    END IF;
    UPDATE registration r
    SET product = coalesce(nullif(extras->>'product', ''), r.product),
        platform_guid = coalesce(nullif(extras->>'platform_guid', ''), r.platform_guid),
        offers_storage = coalesce((extras->>'storage')::boolean, r.offers_storage)
    WHERE r.id = s.registration_id
      AND (coalesce(nullif(extras->>'product', ''), r.product) <> r.product
           OR coalesce(nullif(extras->>'platform_guid', ''), r.platform_guid) <> r.platform_guid
           OR coalesce((extras->>'storage')::boolean, r.offers_storage) <> r.offers_storage);
END $$;

-- launch_record for a batch in which some launches bring more: extras[i] is JSON, or empty.
CREATE FUNCTION launch_record_with(
    regs bigint[], launch_ids text[], deployment_ids text[], nonces text[], expires bigint[], subs text[],
    names text[], given_names text[], family_names text[], emails text[], locales text[], sourcedids text[],
    context_ids text[], context_titles text[], context_labels text[], link_ids text[], link_titles text[],
    lineitems_urls text[], lineitem_urls text[], ags text[], nrps_urls text[], launch_roles bigint[],
    learners boolean[], lms_admins boolean[], test_users boolean[], mentees text[], token_hashes bytea[],
    browser_hashes bytea[], extras text[])
RETURNS TABLE (n bigint, verdict text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    FOR i IN 1 .. cardinality(extras) LOOP
        IF extras[i] <> '' AND extras[i]::jsonb ? 'legacy'
           AND NOT EXISTS (SELECT FROM used_nonce u WHERE u.registration_id = regs[i] AND u.nonce = nonces[i]) THEN
            PERFORM launch_legacy(regs[i], deployment_ids[i], subs[i], link_ids[i], extras[i]::jsonb->'legacy');
        END IF;
    END LOOP;
    RETURN QUERY SELECT * FROM launch_record(regs, launch_ids, deployment_ids, nonces, expires, subs, names, given_names,
        family_names, emails, locales, sourcedids, context_ids, context_titles, context_labels, link_ids, link_titles,
        lineitems_urls, lineitem_urls, ags, nrps_urls, launch_roles, learners, lms_admins, test_users, mentees,
        token_hashes, browser_hashes);
    FOR i IN 1 .. cardinality(extras) LOOP
        IF extras[i] <> '' THEN
            PERFORM launch_extras(launch_ids[i]::uuid, extras[i]::jsonb);
        END IF;
    END LOOP;
END $$;

-- An unknown deployment came with a launch that is otherwise good: 'approved' (by policy; the launch goes on),
-- 'parked', 'inactive' (switched off or refused here), or 'full' (too many wait).
CREATE FUNCTION deployment_park(reg bigint, deployment text, title text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    r registration;
    was jsonb;
BEGIN
    SELECT * INTO r FROM registration WHERE id = reg AND is_enabled FOR NO KEY UPDATE;
    IF NOT FOUND OR EXISTS (SELECT FROM deployment d WHERE d.registration_id = reg AND d.deployment_id = deployment) THEN
        RETURN CASE WHEN EXISTS (SELECT FROM deployment d WHERE d.registration_id = reg
                                 AND d.deployment_id = deployment AND d.is_active) THEN 'approved' ELSE 'inactive' END;
    END IF;
    was := r.parked->deployment;
    IF was ? 'refused' THEN
        RETURN 'inactive';
    END IF;
    IF r.approves_deployments AND r.institution_id IS NOT NULL THEN
        INSERT INTO deployment (registration_id, institution_id, deployment_id)
        VALUES (reg, r.institution_id, deployment);
        UPDATE registration SET parked = parked - deployment WHERE id = reg;
        RETURN 'approved';
    END IF;
    IF was IS NULL AND (SELECT count(*) FROM jsonb_each(r.parked) AS p WHERE NOT p.value ? 'refused') >= 50 THEN
        RETURN 'full';
    END IF;
    UPDATE registration
    SET parked = parked || jsonb_build_object(deployment, jsonb_build_object(
        'title', title, 'first_at', coalesce(was->'first_at', to_jsonb(now())), 'last_at', now(),
        'count', coalesce((was->>'count')::bigint, 0) + 1))
    WHERE id = reg;
    RETURN 'parked';
END $$;

-- Who may frame the pages of a launch, and where its deep linking form may go: no secret, and needed before one is shown.
CREATE FUNCTION session_origins(launch uuid)
RETURNS TABLE (issuer text, auth_url text, token_url text, return_url text, frame_origin text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT r.issuer, r.auth_url, r.token_url, coalesce(d.return_url, ''), s.frame_origin
    FROM session s
    JOIN registration r ON r.id = s.registration_id AND r.is_enabled
    LEFT JOIN deep_link d ON d.institution_id = s.institution_id AND d.launch_id = s.launch_id
    WHERE s.launch_id = launch AND s.expires_at > now()
$$;

-- As in 0002, and the token URL besides: a school's own host is often known by it alone, and it may frame its pages.
DROP FUNCTION session_find(uuid, bytea);
CREATE FUNCTION session_find(launch uuid, hash bytea)
RETURNS TABLE (institution_id bigint, institution text, time_zone text, registration_id bigint, issuer text,
               auth_url text, person_id bigint, person_name text, role smallint, is_learner boolean,
               mentees text[], context_id bigint, course_title text, synced_at bigint, sync_requested_at bigint,
               sync_error text, source_kind text, issuer_keys text[], token_url text, frame_origin text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT s.institution_id, i.name, i.time_zone, s.registration_id, r.issuer, r.auth_url, s.person_id, p.name,
           s.role, s.is_learner, s.mentees, s.context_id, coalesce(nullif(c.title, ''), c.label, ''),
           usec(c.synced_at), usec(c.sync_requested_at), coalesce(c.sync_error, ''), coalesce(g.kind, ''),
           s.issuer_keys, r.token_url, s.frame_origin
    FROM session s
    JOIN institution i ON i.id = s.institution_id
    JOIN registration r ON r.id = s.registration_id AND r.is_enabled
    JOIN person p ON p.institution_id = s.institution_id AND p.id = s.person_id
    LEFT JOIN context c ON c.institution_id = s.institution_id AND c.id = s.context_id
    LEFT JOIN grade_source g ON g.institution_id = c.institution_id AND g.deployment_id = c.deployment_id
    WHERE s.launch_id = launch AND s.token_hash = hash AND s.expires_at > now()
$$;

-- When somebody last came from a platform; for the operator.
CREATE FUNCTION registration_launched(reg bigint) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT coalesce(
        (SELECT s.created_at FROM session s WHERE s.registration_id = reg ORDER BY s.launch_id DESC LIMIT 1),
        (SELECT max(m.launched_at)
         FROM deployment d
         JOIN context c ON c.institution_id = d.institution_id AND c.deployment_id = d.id
         JOIN membership m ON m.institution_id = c.institution_id AND m.context_id = c.id
         WHERE d.registration_id = reg))
$$;

-- What has run out of the tables above.
CREATE FUNCTION advantage_purge() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM notice_seen WHERE expires_at < now();
    DELETE FROM invite WHERE expires_at < now() - interval '30 days';
    DELETE FROM deep_link d WHERE d.created_at < now() - interval '1 day';
$$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace
             AND proname IN ('course_copy_propose', 'notice_copied', 'launch_legacy', 'launch_extras',
                             'launch_record_with', 'deployment_park', 'session_origins', 'session_find',
                             'registration_launched', 'advantage_purge') LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    END LOOP;
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace
             AND proname IN ('notice_copied', 'launch_record_with', 'deployment_park', 'session_origins', 'session_find',
                             'registration_launched', 'advantage_purge') LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO laurel_app', f);
    END LOOP;
END $$;
