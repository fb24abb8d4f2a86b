-- institution int8, badge int8, person int8, condition text, by_person int8, evidence text ->
INSERT INTO attestation (institution_id, badge_id, person_id, condition, by_person_id, evidence)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (institution_id, badge_id, person_id, condition) DO UPDATE
SET by_person_id = excluded.by_person_id, evidence = excluded.evidence, attested_at = now()
