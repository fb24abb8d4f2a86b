-- institution int8, award int8, from_state int8, to_state int8, note text, is_by_hand bool, now timestamptz, expires_at timestamptz -> id int8
UPDATE award
SET state = $4, note = CASE WHEN $5 = '' THEN note ELSE $5 END, is_by_hand = $6,
    -- A person who restores or keeps it answers for it: grades do not take it away again.
    is_awarded_by_hand = is_awarded_by_hand OR ($6 AND $3 IN (2, 3) AND $4 = 2),
    issued_at = CASE WHEN $4 = 2 THEN coalesce(issued_at, $7) ELSE issued_at END,
    expires_at = CASE WHEN $4 = 2 AND issued_at IS NULL THEN $8 ELSE expires_at END,
    suspended_at = CASE WHEN $4 = 3 THEN $7 WHEN $4 = 2 THEN NULL ELSE suspended_at END,
    revoked_at = CASE WHEN $4 = 4 THEN $7 ELSE revoked_at END
WHERE institution_id = $1 AND id = $2 AND state = $3
RETURNING id
