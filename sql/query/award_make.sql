-- institution int8, badge int8, person int8, course int8, rule_version int8, state int8, reasons text, note text, is_by_hand bool, issued_at timestamptz, expires_at timestamptz, now timestamptz -> id int8
INSERT INTO award (institution_id, badge_id, person_id, context_id, rule_version, state, reasons, note, is_by_hand,
                   is_awarded_by_hand, issued_at, expires_at, created_at)
SELECT $1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9, $9, $10, $11, $12
-- What a person declined or revoked stays so: the worker never awards it again.
WHERE $9 OR NOT EXISTS (SELECT FROM award a WHERE a.institution_id = $1 AND a.badge_id = $2 AND a.person_id = $3
                        AND a.state IN (1, 4) AND a.is_by_hand)
ON CONFLICT (institution_id, badge_id, person_id) WHERE state IN (0, 2, 3) DO NOTHING
RETURNING id
