-- institution int8, course int8, badge int8, person int8, award int8, sent_at timestamptz, outcome text ->
INSERT INTO score_sent (institution_id, context_id, badge_id, person_id, award_id, sent_at, outcome)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (institution_id, context_id, badge_id, person_id) DO UPDATE
SET award_id = excluded.award_id, sent_at = excluded.sent_at, outcome = excluded.outcome
