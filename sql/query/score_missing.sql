-- institution int8, course int8 -> award_id int8
SELECT a.id
FROM award a
JOIN badge b ON b.institution_id = a.institution_id AND b.id = a.badge_id
WHERE a.institution_id = $1 AND a.context_id = $2 AND a.state = 2
  AND coalesce((b.definition->>'gradebook')::boolean, false)
  AND NOT EXISTS (SELECT FROM score_sent s WHERE s.institution_id = a.institution_id AND s.context_id = a.context_id
                  AND s.badge_id = a.badge_id AND s.person_id = a.person_id)
ORDER BY a.id
LIMIT 100000
