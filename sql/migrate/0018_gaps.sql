-- What the last reading of a course could not tell (a function that is not granted, a setting), for its admins: sentences
-- that say what to do; empty: nothing.
ALTER TABLE context ADD COLUMN source_gaps text NOT NULL DEFAULT '';
