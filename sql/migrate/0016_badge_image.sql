-- Pictures that come with badge files, cleaned and in the size they are drawn. One counts while its badge's definition
-- names it: "image" there is its name here.
CREATE TABLE badge_image (
    institution_id bigint NOT NULL,
    badge_id bigint NOT NULL,
    name text NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (0, 1)), -- PNG, SVG
    digest bytea NOT NULL,                         -- SHA-256 of the bytes
    bytes bytea NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, badge_id)
);
ALTER TABLE badge_image ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON badge_image
    USING (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)
    WITH CHECK (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint);
GRANT SELECT, INSERT, UPDATE, DELETE ON badge_image TO laurel_app;

-- What the badge demanded when its learner shared it, and the form said so: what is demanded later is not shown of them.
ALTER TABLE award_share ADD COLUMN told_results boolean NOT NULL DEFAULT false,
    ADD COLUMN told_evidence boolean NOT NULL DEFAULT false;

-- Are "results" (or "evidence") shown of an award? As its learner chose; or as the badge demands, unless the award was
-- shared before that.
CREATE FUNCTION share_shows(what text, chosen boolean, told boolean, shared_at timestamptz, definition jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(chosen, false)
        OR ((shared_at IS NULL OR coalesce(told, false)) AND coalesce(definition->'demands' ? what, false))
$$;

-- As in 0015 but for what badges demand.
CREATE OR REPLACE FUNCTION award_page(wanted uuid)
RETURNS TABLE (state bigint, issued_at bigint, revoked_at bigint, expires_at bigint, is_signed boolean, learner text,
               reasons text, evidence text, badge_public_id uuid, definition text, rule text, asked_badges text,
               issuer_public_id uuid, issuer_name text, key_public_id uuid, public_jwk text, time_zone text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT (CASE WHEN a.state = 2 AND a.expires_at <= now() THEN 5 ELSE a.state END)::bigint,
           usec(a.issued_at), usec(a.revoked_at), usec(a.expires_at), c.award_id IS NOT NULL, coalesce(p.name, ''),
           CASE WHEN share_shows('results', s.shows_results, s.told_results, a.shared_at, b.definition) THEN a.reasons::text
                ELSE '{}' END,
           CASE WHEN share_shows('evidence', s.shows_evidence, s.told_evidence, a.shared_at, b.definition) THEN
               (SELECT coalesce(jsonb_agg(jsonb_build_object('condition', t.condition, 'evidence', t.evidence)
                                          ORDER BY t.condition), '[]')::text
                FROM attestation t
                WHERE t.institution_id = a.institution_id AND t.badge_id = a.badge_id AND t.person_id = a.person_id)
           ELSE '[]' END,
           b.public_id, b.definition::text, v.rule::text,
           CASE WHEN v.rule::text LIKE '%"badge"%' THEN
               (SELECT coalesce(jsonb_object_agg(o.key, o.name), '{}')::text
                FROM badge o
                WHERE o.institution_id = a.institution_id
                  AND o.key IN (SELECT q.key #>> '{}' FROM jsonb_path_query(v.rule, 'strict $.**.badge') AS q (key)))
           ELSE '{}' END,
           i.public_id, i.name, k.public_id, k.public_jwk::text, n.time_zone
    FROM award a
    JOIN badge b ON b.institution_id = a.institution_id AND b.id = a.badge_id
    JOIN rule_version v ON v.institution_id = a.institution_id AND v.badge_id = a.badge_id AND v.version = a.rule_version
    JOIN issuer i ON i.institution_id = b.institution_id AND i.id = b.issuer_id
    JOIN institution n ON n.id = a.institution_id
    LEFT JOIN award_share s ON s.institution_id = a.institution_id AND s.award_id = a.id
    LEFT JOIN person p ON p.institution_id = a.institution_id AND p.id = a.person_id AND s.shows_name
    LEFT JOIN credential c ON c.institution_id = a.institution_id AND c.award_id = a.id AND c.form = 0
    LEFT JOIN issuer_key k ON k.institution_id = c.institution_id AND k.id = c.key_id
    WHERE a.public_id = wanted AND a.shared_at IS NOT NULL AND a.issued_at IS NOT NULL;
END $$;
CREATE OR REPLACE FUNCTION award_marks(wanted uuid[]) RETURNS TABLE (public_id uuid, mark text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT a.public_id, ROW(a.state, a.issued_at, a.revoked_at, a.expires_at, a.expires_at <= now(), a.shared_at,
                            a.signed_at, s.shows_name, s.shows_results, s.shows_evidence, s.told_results,
                            s.told_evidence)::text
    FROM award a
    LEFT JOIN award_share s ON s.institution_id = a.institution_id AND s.award_id = a.id
    WHERE a.public_id = ANY (wanted) AND a.shared_at IS NOT NULL AND a.issued_at IS NOT NULL;
END $$;
