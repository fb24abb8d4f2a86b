-- institution int8, deployment int8, registration int8, subs text[], refs text[] ->
INSERT INTO source_person AS s (institution_id, deployment_id, person_id, ref)
SELECT DISTINCT ON (p.id) $1, $2, p.id, t.ref
FROM unnest($4, $5) AS t (sub, ref)
JOIN person p ON p.institution_id = $1 AND p.registration_id = $3 AND p.sub = t.sub
ON CONFLICT (institution_id, deployment_id, person_id) DO UPDATE SET ref = excluded.ref, found_at = now()
WHERE s.ref <> excluded.ref
