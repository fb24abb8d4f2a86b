-- The house: directory tables (reached before the institution is known), then tables that start with
-- institution_id and have row-level security. See sql/README.md.
--
-- Ids come from one sequence: an identity column could not be distributed over Citus workers.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'laurel_app') THEN
        CREATE ROLE laurel_app LOGIN;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'the role laurel_app does not exist and this user may not create it; as a database administrator run: CREATE ROLE laurel_app LOGIN';
END $$;

CREATE SEQUENCE laurel_id CACHE 32;

-- An id of the LTI specifications: 1 to 255 bytes, compared bytewise.
CREATE DOMAIN lti_id AS text COLLATE "C" CHECK (octet_length(VALUE) BETWEEN 1 AND 255);

-- Directory -------------------------------------------------------------------------------------------

CREATE TABLE institution (
    id bigint PRIMARY KEY DEFAULT nextval('laurel_id'),
    name text NOT NULL UNIQUE,
    time_zone text NOT NULL DEFAULT 'UTC',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE registration (
    id bigint PRIMARY KEY DEFAULT nextval('laurel_id'),
    slug text COLLATE "C" NOT NULL UNIQUE,
    issuer text COLLATE "C" NOT NULL,
    client_id lti_id NOT NULL,
    auth_url text NOT NULL,
    token_url text NOT NULL,
    jwks_url text NOT NULL,
    token_audience text,
    trusts_admin_role boolean NOT NULL DEFAULT false,
    is_enabled boolean NOT NULL DEFAULT true,
    product text NOT NULL DEFAULT '',
    platform_guid text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX registration_issuer ON registration (issuer, client_id);

CREATE TABLE deployment (
    id bigint PRIMARY KEY DEFAULT nextval('laurel_id'),
    registration_id bigint NOT NULL REFERENCES registration,
    institution_id bigint NOT NULL REFERENCES institution,
    deployment_id lti_id NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (registration_id, deployment_id)
);

-- Laurel's own signing keys for service tokens. The private half is sealed under the master key.
CREATE TABLE tool_key (
    kid text COLLATE "C" PRIMARY KEY,
    public_jwk jsonb NOT NULL,
    private_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz -- no longer signs; still published until published_until
        CHECK (retired_at >= created_at),
    published_until timestamptz
);

-- Single use of a launch is the insert of its nonce, kept longer than any token it could come in.
CREATE TABLE used_nonce (
    registration_id bigint NOT NULL,
    nonce text COLLATE "C" NOT NULL,
    launch_id uuid,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (registration_id, nonce)
);
CREATE INDEX used_nonce_expires ON used_nonce (expires_at);

CREATE TABLE session (
    launch_id uuid PRIMARY KEY,
    token_hash bytea NOT NULL,
    browser_hash bytea NOT NULL,
    institution_id bigint NOT NULL,
    registration_id bigint NOT NULL,
    person_id bigint NOT NULL,
    context_id bigint,
    role smallint NOT NULL,
    is_learner boolean NOT NULL,
    mentees text[] NOT NULL DEFAULT '{}',
    issuer_keys text[] NOT NULL DEFAULT '{}', -- a badge admin's: of these issuers only; empty: of all
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX session_browser ON session (browser_hash);
CREATE INDEX session_expires ON session (expires_at);

-- Background work. `dedupe` makes a job that waits unique; a leased one may get a successor.
CREATE TABLE job (
    id bigint PRIMARY KEY DEFAULT nextval('laurel_id'),
    institution_id bigint NOT NULL,
    kind text NOT NULL,
    dedupe text NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    priority smallint NOT NULL DEFAULT 0, -- higher first
    run_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'leased', 'parked', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    last_error text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX job_waiting ON job (kind, dedupe) WHERE state = 'waiting';
CREATE INDEX job_due ON job (priority DESC, run_at) WHERE state = 'waiting';
CREATE INDEX job_leased ON job (lease_until) WHERE state = 'leased';

-- Tables of one institution ---------------------------------------------------------------------------

CREATE TABLE person (
    institution_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('laurel_id'),
    registration_id bigint NOT NULL,
    sub lti_id NOT NULL,
    name text NOT NULL DEFAULT '',
    given_name text NOT NULL DEFAULT '',
    family_name text NOT NULL DEFAULT '',
    email text NOT NULL DEFAULT '',
    locale text NOT NULL DEFAULT '',
    sourcedid text NOT NULL DEFAULT '',
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, id),
    UNIQUE (institution_id, registration_id, sub)
);

CREATE TABLE context (
    institution_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('laurel_id'),
    public_id uuid NOT NULL DEFAULT gen_random_uuid(),
    deployment_id bigint NOT NULL,
    context_id lti_id NOT NULL,
    title text NOT NULL DEFAULT '',
    label text NOT NULL DEFAULT '',
    lineitems_url text NOT NULL DEFAULT '',
    nrps_url text NOT NULL DEFAULT '',
    ags_scopes text NOT NULL DEFAULT '',
    sync_requested_at timestamptz, -- "Check now", a launch, an import
    sync_started_at timestamptz,   -- when the last reading began: what was asked for before is in it
    synced_at timestamptz,         -- when the last complete reading began
    sync_failed_at timestamptz,
    sync_error text,
    judged_on date, -- the institution's day on which everybody was last judged: dates pass without a grade
    PRIMARY KEY (institution_id, id),
    UNIQUE (institution_id, deployment_id, context_id)
);

CREATE TABLE resource_link (
    institution_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('laurel_id'),
    deployment_id bigint NOT NULL,
    context_id bigint,
    resource_link_id lti_id NOT NULL,
    title text NOT NULL DEFAULT '',
    lineitem_url text NOT NULL DEFAULT '',
    PRIMARY KEY (institution_id, id),
    UNIQUE (institution_id, deployment_id, resource_link_id)
);

-- What somebody is in a course: by launch (role, seen_at) and by the course's own list (listed_at).
CREATE TABLE membership (
    institution_id bigint NOT NULL,
    context_id bigint NOT NULL,
    person_id bigint NOT NULL,
    role smallint NOT NULL DEFAULT 0, -- enum model_role of the last launch
    is_learner boolean NOT NULL DEFAULT false, -- by launch
    is_teacher boolean NOT NULL DEFAULT false,
    is_test_user boolean NOT NULL DEFAULT false,
    launched_at timestamptz,
    is_listed_learner boolean NOT NULL DEFAULT false, -- by the course's own list
    is_listed_teacher boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true, -- false: no longer listed
    listed_at timestamptz,
    PRIMARY KEY (institution_id, context_id, person_id)
);
CREATE INDEX membership_person ON membership (institution_id, person_id);

CREATE TABLE grade_source (
    institution_id bigint NOT NULL,
    deployment_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('moodle', 'canvas', 'ags', 'csv')),
    base_url text NOT NULL DEFAULT '',
    token_sealed bytea,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, deployment_id)
);

CREATE TABLE item (
    institution_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('laurel_id'),
    context_id bigint NOT NULL,
    kind smallint NOT NULL,       -- enum model_item_kind
    source text COLLATE "C" NOT NULL,
    ref text COLLATE "C" NOT NULL, -- the source's own id
    title text NOT NULL,
    maximum numeric,
    pass_mark numeric,
    has_completion boolean NOT NULL DEFAULT false,
    gone_at timestamptz,
    PRIMARY KEY (institution_id, id),
    UNIQUE (institution_id, context_id, source, kind, ref)
);

CREATE TABLE fact (
    institution_id bigint NOT NULL,
    context_id bigint NOT NULL,
    person_id bigint NOT NULL,
    item_id bigint NOT NULL,
    score numeric,
    maximum numeric,
    letter text NOT NULL DEFAULT '',
    is_posted boolean NOT NULL DEFAULT true,
    is_excused boolean NOT NULL DEFAULT false,
    completion smallint NOT NULL DEFAULT 0, -- enum model_completion
    submitted_at timestamptz,
    graded_at timestamptz,
    completed_at timestamptz,
    PRIMARY KEY (institution_id, context_id, person_id, item_id)
);

CREATE TABLE issuer (
    institution_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('laurel_id'),
    public_id uuid NOT NULL DEFAULT gen_random_uuid(),
    key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    url text NOT NULL DEFAULT '',
    email text NOT NULL DEFAULT '',
    PRIMARY KEY (institution_id, id),
    UNIQUE (institution_id, key)
);

CREATE TABLE badge (
    institution_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('laurel_id'),
    public_id uuid NOT NULL DEFAULT gen_random_uuid(),
    issuer_id bigint NOT NULL,
    key text COLLATE "C" NOT NULL,
    name text NOT NULL,
    definition jsonb NOT NULL, -- the badge file's object without its rule and courses
    rule_version integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, id),
    UNIQUE (institution_id, key)
);

-- Rules are never changed, only followed by the next version: awards name the one they met.
CREATE TABLE rule_version (
    institution_id bigint NOT NULL,
    badge_id bigint NOT NULL,
    version integer NOT NULL,
    rule jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, badge_id, version)
);

CREATE TABLE badge_course (
    institution_id bigint NOT NULL,
    badge_id bigint NOT NULL,
    context_id bigint NOT NULL,
    problem text, -- why the rule cannot be judged in this course now, in words
    PRIMARY KEY (institution_id, badge_id, context_id)
);
CREATE INDEX badge_course_context ON badge_course (institution_id, context_id);

CREATE TABLE award (
    institution_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('laurel_id'),
    public_id uuid NOT NULL DEFAULT gen_random_uuid(),
    badge_id bigint NOT NULL,
    person_id bigint NOT NULL,
    context_id bigint,
    rule_version integer NOT NULL,
    state smallint NOT NULL, -- enum model_award_state
    reasons jsonb NOT NULL,  -- the facts seen
    is_awarded_by_hand boolean NOT NULL DEFAULT false,
    is_by_hand boolean NOT NULL DEFAULT false, -- the last change was a person's
    note text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    issued_at timestamptz,
    suspended_at timestamptz,
    revoked_at timestamptz,
    expires_at timestamptz,
    PRIMARY KEY (institution_id, id),
    UNIQUE (institution_id, public_id)
);
-- At most one live award per badge and person: proposed, issued or suspended.
CREATE UNIQUE INDEX award_live ON award (institution_id, badge_id, person_id) WHERE state IN (0, 2, 3);
CREATE INDEX award_person ON award (institution_id, person_id);

-- What a teacher confirmed for a {"manual": ...} condition.
CREATE TABLE attestation (
    institution_id bigint NOT NULL,
    badge_id bigint NOT NULL,
    person_id bigint NOT NULL,
    condition text NOT NULL,
    by_person_id bigint NOT NULL,
    evidence text NOT NULL DEFAULT '',
    attested_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, badge_id, person_id, condition)
);

-- The gradebook column of a badge in a course, and the last score sent into it for each person.
CREATE TABLE line_item (
    institution_id bigint NOT NULL,
    context_id bigint NOT NULL,
    badge_id bigint NOT NULL,
    url text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, context_id, badge_id)
);

CREATE TABLE score_sent (
    institution_id bigint NOT NULL,
    context_id bigint NOT NULL,
    badge_id bigint NOT NULL,
    person_id bigint NOT NULL,
    award_id bigint NOT NULL,
    sent_at timestamptz NOT NULL, -- the timestamp inside the score
    outcome text NOT NULL,
    PRIMARY KEY (institution_id, context_id, badge_id, person_id)
);

-- Badge-admin rights. issuer_id 0: the whole institution.
CREATE TABLE admin_grant (
    institution_id bigint NOT NULL,
    person_id bigint NOT NULL,
    issuer_id bigint NOT NULL DEFAULT 0,
    granted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, person_id, issuer_id)
);

-- Random ids and codes only; free text and names live in rows that can be erased.
CREATE TABLE audit (
    institution_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('laurel_id'),
    at timestamptz NOT NULL DEFAULT now(),
    actor_person_id bigint, -- NULL: Laurel itself or an operator at the shell
    action text NOT NULL,
    object jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (institution_id, id)
);

-- The second lock: without the setting, no rows. ENABLE, not FORCE: the owner migrates and backs up.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['person', 'context', 'resource_link', 'membership', 'grade_source', 'item',
        'fact', 'issuer', 'badge', 'rule_version', 'badge_course', 'award', 'attestation', 'line_item',
        'score_sent', 'admin_grant', 'audit']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant ON %I
            USING (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)
            WITH CHECK (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)$p$, t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO laurel_app', t);
    END LOOP;
END $$;
REVOKE UPDATE, DELETE ON audit FROM laurel_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON registration, deployment, institution, tool_key, used_nonce, session, job
    TO laurel_app;
GRANT SELECT ON laurel_migration TO laurel_app;
GRANT USAGE ON SEQUENCE laurel_id TO laurel_app;

-- Microseconds since 1970, for programs.
CREATE FUNCTION usec(t timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (extract(epoch FROM t) * 1000000)::bigint $$;
