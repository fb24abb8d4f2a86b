-- institution int8, badge int8, person int8, rule_version int8, note text, issued_at timestamptz, now timestamptz -> id int8
INSERT INTO award (institution_id, badge_id, person_id, rule_version, state, reasons, note, is_by_hand,
                   is_awarded_by_hand, issued_at, created_at)
SELECT $1, $2, $3, $4, 2, jsonb_build_object('rule_version', $4, 'met', false, 'leaves', '[]'::jsonb), $5, true, true, $6, $7
WHERE NOT EXISTS (SELECT FROM award a WHERE a.institution_id = $1 AND a.badge_id = $2 AND a.person_id = $3)
RETURNING id
