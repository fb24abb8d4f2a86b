-- institution int8, award int8 -> award_id int8, badge_id int8, person_id int8, course_id int8, registration_id int8, state int8, issued_at int8, revoked_at int8, sub text, badge_name text, badge_public_id text, platform_deployment_id text, lineitems_url text, ags_scopes text, line_item_url text, last_sent_at int8, is_learner bool, is_active bool, is_column_coming bool, public_id text, is_shared bool
-- What counts is the latest award of that badge and person in that course, whichever of them asked.
SELECT a.id, a.badge_id, a.person_id, c.id, d.registration_id, a.state, usec(a.issued_at), usec(a.revoked_at), p.sub, b.name,
       b.public_id, d.deployment_id, c.lineitems_url, c.ags_scopes, coalesce(l.url, ''), usec(s.sent_at),
       -- as person_list.sql says who may earn
       coalesce(NOT m.is_test_user
                AND CASE WHEN m.listed_at IS NULL THEN m.is_learner ELSE m.is_listed_learner END
                AND NOT (m.launched_at IS NOT NULL AND m.is_teacher AND NOT m.is_learner), false),
       coalesce(m.is_active, false),
       l.url IS NULL AND coalesce(k.column_asked_at > now() - interval '5 minutes', false),
       a.public_id, a.shared_at IS NOT NULL
FROM award asked
JOIN award a ON a.institution_id = asked.institution_id AND a.badge_id = asked.badge_id
    AND a.person_id = asked.person_id AND a.context_id = asked.context_id
JOIN badge b ON b.institution_id = a.institution_id AND b.id = a.badge_id
JOIN person p ON p.institution_id = a.institution_id AND p.id = a.person_id
JOIN context c ON c.institution_id = a.institution_id AND c.id = a.context_id
JOIN deployment d ON d.id = c.deployment_id
LEFT JOIN membership m ON m.institution_id = a.institution_id AND m.context_id = c.id AND m.person_id = a.person_id
LEFT JOIN line_item l ON l.institution_id = a.institution_id AND l.context_id = c.id AND l.badge_id = a.badge_id
LEFT JOIN badge_course k ON k.institution_id = a.institution_id AND k.context_id = c.id AND k.badge_id = a.badge_id
LEFT JOIN score_sent s ON s.institution_id = a.institution_id AND s.context_id = c.id AND s.badge_id = a.badge_id
    AND s.person_id = a.person_id
WHERE asked.institution_id = $1 AND asked.id = $2
ORDER BY a.id DESC
LIMIT 1
