-- institution int8, ids int8[] -> badge_id int8, person_id int8, condition text, evidence text, by_name text, at int8
SELECT t.badge_id, t.person_id, t.condition, t.evidence, coalesce(p.name, ''), usec(t.attested_at)
FROM attestation t
LEFT JOIN person p ON p.institution_id = t.institution_id AND p.id = t.by_person_id
WHERE t.institution_id = $1 AND ($2::int8[] IS NULL OR t.person_id = ANY ($2))
ORDER BY t.person_id, t.badge_id, t.condition
