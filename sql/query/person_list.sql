-- institution int8, course int8, ids int8[] -> id int8, sub text, name text, sort_name text, email text, sourcedid text, is_learner bool, is_teacher bool, is_test_user bool, is_active bool, may_earn bool, login text, source_ref text
SELECT p.id, p.sub, p.name, coalesce(nullif(p.family_name || ' ' || p.given_name, ' '), p.name, p.sub), p.email,
       p.sourcedid,
       m.is_listed_learner OR m.is_learner, m.is_listed_teacher OR m.is_teacher, m.is_test_user, m.is_active,
       -- The course's list says who learns; before there is one, the launch does. Somebody who launches as a
       -- teacher and not as a learner earns nothing, whatever a list with coarse roles says.
       NOT m.is_test_user
       AND CASE WHEN m.listed_at IS NULL THEN m.is_learner ELSE m.is_listed_learner END
       AND NOT (m.launched_at IS NOT NULL AND m.is_teacher AND NOT m.is_learner),
       p.login, coalesce(s.ref, '')
FROM membership m
-- By key, one by one: a plan made while the tables were small reads all people for each one.
CROSS JOIN LATERAL (SELECT * FROM person WHERE institution_id = $1 AND id = m.person_id LIMIT 1) p
JOIN context c ON c.institution_id = m.institution_id AND c.id = m.context_id
LEFT JOIN LATERAL (SELECT ref FROM source_person WHERE institution_id = $1 AND deployment_id = c.deployment_id
                   AND person_id = m.person_id LIMIT 1) s ON true
WHERE m.institution_id = $1 AND m.context_id = $2
  AND m.person_id BETWEEN (SELECT coalesce(min(id), 0) FROM unnest($3) AS id)
                      AND (SELECT coalesce(max(id), 9223372036854775807) FROM unnest($3) AS id)
  AND ($3::int8[] IS NULL OR m.person_id IN (SELECT unnest($3)))
ORDER BY lower(p.name), p.id
LIMIT 50000
