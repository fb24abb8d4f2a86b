-- institution int8, course int8, badges int8[], earned int8[], held int8[], unreachable int8[] ->
INSERT INTO reconciliation (institution_id, context_id, badge_id, earned_not_awarded, awarded_not_earned, unreachable)
SELECT $1, $2, badge_id, earned, held, unreachable
FROM unnest($3, $4, $5, $6) AS t (badge_id, earned, held, unreachable)
ON CONFLICT (institution_id, context_id, badge_id) DO UPDATE
SET at = now(), earned_not_awarded = excluded.earned_not_awarded, awarded_not_earned = excluded.awarded_not_earned,
    unreachable = excluded.unreachable
