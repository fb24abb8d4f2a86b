-- Badges' pictures as they were drawn once: 0 the badge (512 by 512), 1 the preview of a link to it (1200 by 630).
CREATE TABLE picture (
    institution_id bigint NOT NULL,
    badge_id bigint NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (0, 1)),
    digest bytea NOT NULL, -- SHA-256 of the drawing; another one: drawn again
    bytes bytea NOT NULL,  -- PNG
    drawn_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution_id, badge_id, kind)
);
ALTER TABLE picture ALTER COLUMN bytes SET STORAGE EXTERNAL; -- packed already
ALTER TABLE picture ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON picture
    USING (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)
    WITH CHECK (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint);
GRANT SELECT, INSERT, UPDATE, DELETE ON picture TO laurel_app;
