-- institution int8, course int8 -> person_ref text, mark text, read_at int8
-- A reading of everything read everybody who was listed, and writes that once: whole_at.
SELECT coalesce(s.ref, p.sub), m.read_mark, usec(greatest(m.read_at, c.whole_at))
FROM membership m
JOIN context c ON c.institution_id = m.institution_id AND c.id = m.context_id
JOIN person p ON p.institution_id = m.institution_id AND p.id = m.person_id
LEFT JOIN source_person s ON s.institution_id = m.institution_id AND s.deployment_id = c.deployment_id
    AND s.person_id = m.person_id
WHERE m.institution_id = $1 AND m.context_id = $2 AND m.read_mark <> ''
LIMIT 50000
