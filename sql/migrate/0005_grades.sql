-- Grades from real courses: who is who in a source whose ids are not those of launches, and logins.

-- The source's own id of a person (Canvas: its number for a launch's sub), by the platform's own word.
CREATE TABLE source_person (
    institution_id bigint NOT NULL,
    deployment_id bigint NOT NULL,
    person_id bigint NOT NULL,
    ref lti_id NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, deployment_id, person_id)
);
ALTER TABLE source_person ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON source_person
    USING (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)
    WITH CHECK (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint);
GRANT SELECT, INSERT, UPDATE, DELETE ON source_person TO laurel_app;

-- What somebody signs in with, where a source tells: gradebook exports name people so.
ALTER TABLE person ADD COLUMN login text NOT NULL DEFAULT '';
