-- institution int8, course int8 -> sub text, ref text
SELECT p.sub, coalesce(s.ref, '')
FROM membership m
JOIN context c ON c.institution_id = m.institution_id AND c.id = m.context_id
JOIN person p ON p.institution_id = m.institution_id AND p.id = m.person_id
LEFT JOIN source_person s ON s.institution_id = m.institution_id AND s.deployment_id = c.deployment_id
    AND s.person_id = m.person_id
WHERE m.institution_id = $1 AND m.context_id = $2 AND NOT m.is_test_user
ORDER BY m.launched_at DESC NULLS LAST, p.id
LIMIT 50000
