-- Every award is a signed credential: issuers' keys, what was signed, status lists, and what learners share.

ALTER TABLE issuer
    ADD COLUMN description text NOT NULL DEFAULT '',
    ADD COLUMN image text NOT NULL DEFAULT ''; -- an address

ALTER TABLE award
    ADD COLUMN shared_at timestamptz,  -- its learner shows it to the world since; NULL: private
    ADD COLUMN status_list_id bigint,  -- its bit, the same in the list of revocations and that of suspensions
    ADD COLUMN status_index integer,
    ADD COLUMN signed_at timestamptz,  -- NULL: has no credential yet
    ADD COLUMN sign_problem text;      -- why it cannot have one, in words; NULL: none known
-- One bit is one award's.
CREATE UNIQUE INDEX award_status ON award (institution_id, status_list_id, status_index)
    WHERE status_list_id IS NOT NULL;
CREATE INDEX award_status_set ON award (institution_id, status_list_id) WHERE state IN (3, 4);
CREATE INDEX award_unsigned ON award (institution_id, id)
    WHERE signed_at IS NULL AND sign_problem IS NULL AND issued_at IS NOT NULL;
CREATE INDEX award_refused ON award (institution_id, id) WHERE sign_problem IS NOT NULL;
CREATE INDEX award_badge ON award (institution_id, badge_id, id);

-- Addresses name these by their public ids alone.
CREATE INDEX award_public ON award (public_id);
CREATE INDEX badge_public ON badge (public_id);
CREATE INDEX issuer_public ON issuer (public_id);

-- Keys that sign credentials. Never deleted: each is published for ever, or what it signed would die with it.
CREATE TABLE issuer_key (
    institution_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('laurel_id'),
    issuer_id bigint NOT NULL,
    public_id uuid NOT NULL,
    alg text NOT NULL CHECK (alg IN ('EdDSA', 'RS256', 'ES256')),
    public_jwk jsonb NOT NULL,
    private_sealed bytea NOT NULL, -- PKCS#8 PEM, purpose "issuer-key", bound to issuer and public id
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz, -- signs no more
    PRIMARY KEY (institution_id, id)
);
-- One key of an issuer makes proofs (EdDSA), one makes tokens.
CREATE UNIQUE INDEX issuer_key_current ON issuer_key (institution_id, issuer_id, (alg = 'EdDSA'))
    WHERE retired_at IS NULL;
CREATE INDEX issuer_key_public ON issuer_key (public_id);

-- An award as it was signed, in each form: 0 JSON with an embedded proof, 1 token.
CREATE TABLE credential (
    institution_id bigint NOT NULL,
    award_id bigint NOT NULL,
    form smallint NOT NULL CHECK (form IN (0, 1)),
    body text NOT NULL,
    digest bytea NOT NULL, -- SHA-256 of what was to be signed, without its validFrom
    key_id bigint NOT NULL,
    valid_from timestamptz NOT NULL,
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, award_id, form)
);

-- What a learner lets others see in an award's credential. No row: nothing but the badge.
CREATE TABLE award_share (
    institution_id bigint NOT NULL,
    award_id bigint NOT NULL,
    identity smallint NOT NULL DEFAULT 0 CHECK (identity BETWEEN 0 AND 3), -- enum model_identity
    identity_hash text COLLATE "C" NOT NULL DEFAULT '',
    salt text COLLATE "C" NOT NULL DEFAULT '',
    platform text COLLATE "C" NOT NULL DEFAULT '',
    did text COLLATE "C" NOT NULL DEFAULT '',
    shows_results boolean NOT NULL DEFAULT false,
    shows_evidence boolean NOT NULL DEFAULT false,
    PRIMARY KEY (institution_id, award_id)
);

-- Bitstring status lists, two to a row: revocations and suspensions, with the same places. Bits are what the awards'
-- states say; `body` is what was signed of them last.
CREATE TABLE status_list (
    institution_id bigint NOT NULL,
    id bigint NOT NULL DEFAULT nextval('laurel_id'),
    issuer_id bigint NOT NULL,
    public_id uuid NOT NULL DEFAULT gen_random_uuid(),     -- of the list of revocations
    suspension_id uuid NOT NULL DEFAULT gen_random_uuid(), -- of the list of suspensions
    length integer NOT NULL DEFAULT 131072 CHECK (length >= 131072 AND length % 8 = 0),
    used integer NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND length),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, id)
);
CREATE INDEX status_list_issuer ON status_list (institution_id, issuer_id, id);
CREATE INDEX status_list_public ON status_list (public_id);
CREATE INDEX status_list_suspension ON status_list (suspension_id);

CREATE TABLE status_signed (
    institution_id bigint NOT NULL,
    list_id bigint NOT NULL,
    is_suspension boolean NOT NULL,
    form smallint NOT NULL CHECK (form IN (0, 1)),
    body text NOT NULL,
    digest bytea NOT NULL,
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (institution_id, list_id, is_suspension, form)
);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['issuer_key', 'credential', 'award_share', 'status_list', 'status_signed'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format($p$CREATE POLICY tenant ON %I
            USING (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)
            WITH CHECK (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)$p$, t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO laurel_app', t);
    END LOOP;
END $$;
REVOKE DELETE ON issuer_key FROM laurel_app;

-- Gives each award that has none a place in a list of its issuer: the first of the random `places` that is free. A
-- list that is three quarters full takes no more, so that chance finds a place soon; then there is a new one.
CREATE FUNCTION status_assign(inst bigint, issuer bigint, awards bigint[], places bigint[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    list status_list;
    one bigint;
    n integer := 0;
    place bigint;
BEGIN
    PERFORM FROM issuer i WHERE i.institution_id = inst AND i.id = issuer FOR NO KEY UPDATE;
    FOREACH one IN ARRAY awards LOOP
        CONTINUE WHEN NOT EXISTS (SELECT FROM award a WHERE a.institution_id = inst AND a.id = one
                                  AND a.status_list_id IS NULL);
        SELECT * INTO list FROM status_list s
        WHERE s.institution_id = inst AND s.issuer_id = issuer AND s.used < s.length / 4 * 3
        ORDER BY s.id LIMIT 1;
        IF NOT FOUND THEN
            INSERT INTO status_list (institution_id, issuer_id) VALUES (inst, issuer) RETURNING * INTO list;
        END IF;
        LOOP
            n := n + 1;
            IF n > cardinality(places) THEN
                RETURN; -- the others come with the next job
            END IF;
            place := places[n] % list.length;
            EXIT WHEN NOT EXISTS (SELECT FROM award a WHERE a.institution_id = inst
                                  AND a.status_list_id = list.id AND a.status_index = place);
        END LOOP;
        UPDATE award a SET status_list_id = list.id, status_index = place
        WHERE a.institution_id = inst AND a.id = one;
        UPDATE status_list s SET used = s.used + 1 WHERE s.institution_id = inst AND s.id = list.id;
    END LOOP;
END $$;

-- What an address names. kind: enum store_public_kind.
CREATE FUNCTION public_find(wanted uuid) RETURNS TABLE (kind bigint, institution_id bigint, id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT 0, i.institution_id, i.id FROM issuer i WHERE i.public_id = wanted
    UNION ALL SELECT 1, b.institution_id, b.id FROM badge b WHERE b.public_id = wanted
    UNION ALL SELECT 2, a.institution_id, a.id FROM award a WHERE a.public_id = wanted
    UNION ALL SELECT 3, k.institution_id, k.id FROM issuer_key k WHERE k.public_id = wanted
    UNION ALL SELECT 4, s.institution_id, s.id FROM status_list s WHERE s.public_id = wanted
    UNION ALL SELECT 5, s.institution_id, s.id FROM status_list s WHERE s.suspension_id = wanted
$$;

-- The public halves of every issuer's keys.
CREATE FUNCTION issuer_key_all()
RETURNS TABLE (institution_id bigint, id bigint, issuer_id bigint, public_id uuid, alg text, public_jwk jsonb,
               created_at timestamptz, retired_at timestamptz, issuer_public_id uuid, issuer_key text, institution text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT k.institution_id, k.id, k.issuer_id, k.public_id, k.alg, k.public_jwk, k.created_at, k.retired_at,
           i.public_id, i.key, n.name
    FROM issuer_key k
    JOIN issuer i ON i.institution_id = k.institution_id AND i.id = k.issuer_id
    JOIN institution n ON n.id = k.institution_id
$$;

-- For the operator: issuers by key, in every institution.
CREATE FUNCTION issuer_find(wanted text) RETURNS TABLE (institution_id bigint, id bigint, institution text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT i.institution_id, i.id, n.name FROM issuer i JOIN institution n ON n.id = i.institution_id
    WHERE i.key = wanted ORDER BY n.name LIMIT 100
$$;

-- Awards that have no credential get jobs: those of earlier releases, and the safety net for all.
CREATE FUNCTION sign_missing() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH missing AS (
        SELECT a.institution_id, a.id, (row_number() OVER (PARTITION BY a.institution_id ORDER BY a.id) - 1) / 200 AS part
        FROM (SELECT institution_id, id FROM award
              WHERE signed_at IS NULL AND sign_problem IS NULL AND issued_at IS NOT NULL
              ORDER BY institution_id, id LIMIT 100000) a
    ), added AS (
        INSERT INTO job (institution_id, kind, dedupe, payload)
        SELECT institution_id, 'sign', 'sign:' || md5(string_agg(id::text, ',' ORDER BY id)),
               jsonb_build_object('awards', jsonb_agg(id ORDER BY id))
        FROM missing GROUP BY institution_id, part
        ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO NOTHING
        RETURNING 1
    )
    SELECT count(*) FROM added
$$;

-- For the operator: how many awards wait for a credential, and how many cannot have one, with one reason.
CREATE FUNCTION sign_state() RETURNS TABLE (waiting bigint, refused bigint, public_id uuid, problem text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT (SELECT count(*) FROM award WHERE signed_at IS NULL AND sign_problem IS NULL AND issued_at IS NOT NULL),
           (SELECT count(*) FROM award WHERE sign_problem IS NOT NULL), a.public_id, a.sign_problem
    FROM (SELECT 1) one
    LEFT JOIN (SELECT public_id, sign_problem FROM award WHERE sign_problem IS NOT NULL ORDER BY id DESC LIMIT 1) a ON true
$$;

DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'public'::regnamespace
             AND proname IN ('status_assign', 'public_find', 'issuer_key_all', 'issuer_find', 'sign_missing',
                             'sign_state') LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO laurel_app', f);
    END LOOP;
END $$;
