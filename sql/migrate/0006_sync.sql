-- What a reading leaves behind so that the next one may read less, and when that is.

ALTER TABLE item ADD COLUMN due_at timestamptz;

ALTER TABLE context
    ADD COLUMN source_ref text COLLATE "C" NOT NULL DEFAULT '', -- the source's own id of the course
    ADD COLUMN is_over boolean NOT NULL DEFAULT false,          -- concluded, by its source
    ADD COLUMN ends_at timestamptz,                             -- its last day, by its source
    ADD COLUMN whole_at timestamptz,     -- when the last reading of everything began
    ADD COLUMN changed_at timestamptz,   -- when a reading last brought something new
    ADD COLUMN next_read_at timestamptz; -- NULL: only when somebody asks

-- Of each person listed by the course's source.
ALTER TABLE membership
    ADD COLUMN read_mark text NOT NULL DEFAULT '', -- the source's own, told to it at the next reading
    ADD COLUMN read_digest bytea,                  -- of their facts as they were merged; NULL: merge anew
    ADD COLUMN read_at timestamptz;                -- when their facts were last read

ALTER TABLE grade_source
    ADD COLUMN parallel smallint NOT NULL DEFAULT 0 -- requests at once to its host; 0: its kind's own
        CHECK (parallel BETWEEN 0 AND 16);

-- What the nightly comparison of rules and awards found, by badge and course.
CREATE TABLE reconciliation (
    institution_id bigint NOT NULL,
    context_id bigint NOT NULL,
    badge_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    earned_not_awarded integer NOT NULL, -- met, and no award that lives or that a person took back
    awarded_not_earned integer NOT NULL, -- held, and not met any more
    unreachable integer NOT NULL,        -- may earn, and could not be judged
    PRIMARY KEY (institution_id, context_id, badge_id)
);
ALTER TABLE reconciliation ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON reconciliation
    USING (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint)
    WITH CHECK (institution_id = nullif(current_setting('laurel.institution', true), '')::bigint);
GRANT SELECT, INSERT, UPDATE, DELETE ON reconciliation TO laurel_app;
