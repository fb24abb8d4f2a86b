-- institution int8, course int8, with_findings bool -> course_id int8, badge_id int8, course_public_id text, course_title text, badge_key text, badge_name text, at int8, earned_not_awarded int8, awarded_not_earned int8, unreachable int8
SELECT r.context_id, r.badge_id, c.public_id, coalesce(nullif(c.title, ''), nullif(c.label, ''), c.context_id), b.key,
       b.name, usec(r.at), r.earned_not_awarded, r.awarded_not_earned, r.unreachable
FROM reconciliation r
JOIN context c ON c.institution_id = r.institution_id AND c.id = r.context_id
JOIN badge b ON b.institution_id = r.institution_id AND b.id = r.badge_id
WHERE r.institution_id = $1 AND ($2::int8 IS NULL OR r.context_id = $2)
  AND (NOT $3 OR r.earned_not_awarded + r.awarded_not_earned + r.unreachable > 0)
ORDER BY lower(c.title), c.id, lower(b.name), b.id
LIMIT 10000
