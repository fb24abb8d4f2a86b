-- The grades in letters or words of a course whose grading scheme is its own, a line each, the best first. Empty: A+ to F.
ALTER TABLE context ADD COLUMN letters text COLLATE "C" NOT NULL DEFAULT '';
