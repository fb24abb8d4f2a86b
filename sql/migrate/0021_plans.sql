-- As IMMUTABLE it was never inlined, since extract() is STABLE; so each call ran the executor.
ALTER FUNCTION usec(timestamptz) STABLE;

-- What a person declined or revoked, which the worker never awards again: few, so looking is cheap however many awards a
-- badge has.
CREATE INDEX award_barred ON award (institution_id, badge_id, person_id) WHERE state IN (1, 4) AND is_by_hand;
