-- Gradebook files that teachers upload: kept between what they would change and the change itself.

-- One for each person and course, for an hour (upload_purge).
CREATE TABLE upload (
    institution_id bigint NOT NULL,
    context_id bigint NOT NULL,
    person_id bigint NOT NULL,
    digest bytea NOT NULL, -- SHA-256 of the parts' SHA-256
    bytes bigint NOT NULL CHECK (bytes BETWEEN 1 AND 104857600),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, context_id, person_id)
);
CREATE TABLE upload_part (
    institution_id bigint NOT NULL,
    context_id bigint NOT NULL,
    person_id bigint NOT NULL,
    n integer NOT NULL CHECK (n BETWEEN 0 AND 199),
    bytes bytea NOT NULL CHECK (octet_length(bytes) <= 524288),
    PRIMARY KEY (institution_id, context_id, person_id, n)
);
ALTER TABLE upload_part ALTER COLUMN bytes SET STORAGE EXTERNAL; -- gone in an hour: not worth packing

-- When a gradebook file was last stored, and whose it was; NULL: the operator's command.
ALTER TABLE context
    ADD COLUMN uploaded_at timestamptz,
    ADD COLUMN uploaded_by bigint;

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['upload', 'upload_part'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY tenant ON %I'
                       ' USING (institution_id = nullif(current_setting(''laurel.institution'', true), '''')::bigint)'
                       ' WITH CHECK (institution_id = nullif(current_setting(''laurel.institution'', true), '''')::bigint)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO laurel_app', t);
    END LOOP;
END $$;

CREATE FUNCTION upload_purge() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DELETE FROM upload_part p USING upload u
    WHERE u.created_at < now() - interval '1 hour' AND p.institution_id = u.institution_id
      AND p.context_id = u.context_id AND p.person_id = u.person_id;
    DELETE FROM upload WHERE created_at < now() - interval '1 hour';
$$;
REVOKE ALL ON FUNCTION upload_purge() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION upload_purge() TO laurel_app;
