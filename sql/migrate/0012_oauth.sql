-- Canvas by OAuth2: the developer key of a grade source, and what somebody granted to it in the browser. Such a source has no
-- token_sealed: where there is one, that is the token (the release before this one writes it so).
CREATE TABLE source_oauth (
    institution_id bigint NOT NULL,
    deployment_id bigint NOT NULL,
    client_id text NOT NULL,
    secret_sealed bytea NOT NULL,
    asks_scopes boolean NOT NULL DEFAULT true, -- false: the key enforces none
    -- The grant; NULL: nobody has granted anything, or it was taken back.
    refresh_sealed bytea,
    access_sealed bytea,
    access_until timestamptz,
    canvas_user_id text NOT NULL DEFAULT '',
    canvas_user_name text NOT NULL DEFAULT '',
    granted_at timestamptz,
    granted_by bigint,                     -- person
    refused text NOT NULL DEFAULT '',      -- why Canvas takes the grant no more, in words: nobody asks it again
    renewing_until timestamptz,            -- one process at a time renews: its lease
    PRIMARY KEY (institution_id, deployment_id)
);
ALTER TABLE source_oauth ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON source_oauth
    USING (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)
    WITH CHECK (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint);
GRANT SELECT, INSERT, UPDATE, DELETE ON source_oauth TO laurel_app;

-- A visit to Canvas's consent page that may come back once. At most one a person and deployment.
CREATE TABLE oauth_state (
    state_hash bytea PRIMARY KEY,
    institution_id bigint NOT NULL,
    deployment_id bigint NOT NULL,
    person_id bigint NOT NULL,
    launch_id uuid NOT NULL,
    browser_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    UNIQUE (deployment_id, person_id)
);

-- Where Canvas sends the live events of one deployment's school. id is the address.
CREATE TABLE event_feed (
    id uuid PRIMARY KEY,
    institution_id bigint NOT NULL,
    deployment_id bigint NOT NULL UNIQUE,
    root_account_uuid text COLLATE "C" NOT NULL,
    jwks_url text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_event_at timestamptz,
    minute timestamptz NOT NULL DEFAULT now(), -- the one that in_minute counts
    in_minute integer NOT NULL DEFAULT 0,
    counts jsonb NOT NULL DEFAULT '{}',  -- what became of events that were good: verdict -> number
    refused jsonb NOT NULL DEFAULT '{}'  -- of those that were not, coarsely: reason -> {text, last_at}
);

-- Events that came, once each.
CREATE TABLE event_seen (
    feed_id uuid NOT NULL REFERENCES event_feed ON DELETE CASCADE,
    digest bytea NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (feed_id, digest)
);
CREATE INDEX event_seen_at ON event_seen (seen_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON oauth_state, event_feed, event_seen TO laurel_app;

CREATE INDEX context_source_ref ON context (institution_id, deployment_id, source_ref) WHERE source_ref <> '';

-- For the operator's list.
CREATE FUNCTION source_oauth_list()
RETURNS TABLE (institution_id bigint, deployment_id bigint, client_id text, state text, canvas_user_name text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT o.institution_id, o.deployment_id, o.client_id,
           CASE WHEN o.refused <> '' THEN 'refused' WHEN o.refresh_sealed IS NULL THEN 'waiting' ELSE 'connected' END,
           o.canvas_user_name
    FROM source_oauth o
    JOIN grade_source g ON g.institution_id = o.institution_id AND g.deployment_id = o.deployment_id
                       AND g.kind = 'canvas' AND g.token_sealed IS NULL
$$;

-- One event that was verified. Nothing is believed of it but that something may have changed: the course (by any of the names
-- its source may have for it, of the feed's deployment only) is read next. seen NULL: a kind that tells us nothing.
--   hint, again, ignored, unknown (no such course), limit (too many in this minute), feed (switched off)
CREATE FUNCTION event_take(feed uuid, seen bytea, refs text[], minute_max bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    f event_feed;
    course context;
    verdict text := 'ignored';
BEGIN
    SELECT e.* INTO f FROM event_feed e
    JOIN deployment d ON d.id = e.deployment_id AND d.institution_id = e.institution_id AND d.is_active
    JOIN registration r ON r.id = d.registration_id AND r.is_enabled
    WHERE e.id = feed FOR UPDATE OF e;
    IF NOT FOUND THEN
        RETURN 'feed';
    END IF;
    IF f.minute <= now() - interval '1 minute' THEN
        f.minute := now();
        f.in_minute := 0;
    END IF;
    IF f.in_minute >= minute_max THEN
        RETURN 'limit';
    END IF;
    IF seen IS NOT NULL THEN
        INSERT INTO event_seen (feed_id, digest) VALUES (feed, seen) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN 'again';
        END IF;
        SELECT c.* INTO course FROM context c
        WHERE c.institution_id = f.institution_id AND c.deployment_id = f.deployment_id
          AND c.source_ref <> '' AND c.source_ref = ANY (refs) LIMIT 1;
        verdict := CASE WHEN FOUND THEN 'hint' ELSE 'unknown' END;
        -- What was asked for already and has not begun needs no second row version.
        IF FOUND AND NOT coalesce(course.sync_requested_at > coalesce(course.sync_started_at, '-infinity'), false) THEN
            UPDATE context c SET sync_requested_at = now()
            WHERE c.institution_id = course.institution_id AND c.id = course.id;
        END IF;
    END IF;
    UPDATE event_feed e SET last_event_at = now(), minute = f.minute, in_minute = f.in_minute + 1,
        counts = jsonb_set(e.counts, ARRAY[verdict], to_jsonb(coalesce((e.counts->>verdict)::bigint, 0) + 1))
    WHERE e.id = feed;
    RETURN verdict;
END $$;

CREATE FUNCTION oauth_purge() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM oauth_state WHERE expires_at < now();
    DELETE FROM event_seen WHERE seen_at < now() - interval '2 days';
$$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOREACH f IN ARRAY ARRAY['source_oauth_list()', 'event_take(uuid, bytea, text[], bigint)', 'oauth_purge()']::regprocedure[]
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO laurel_app', f);
    END LOOP;
END $$;
