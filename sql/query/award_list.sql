-- institution int8, ids int8[] -> id int8, badge_id int8, person_id int8, course_id int8, public_id text, state int8, rule_version int8, reasons text, note text, is_by_hand bool, is_awarded_by_hand bool, created_at int8, issued_at int8, suspended_at int8, revoked_at int8, expires_at int8, shared_at int8
SELECT DISTINCT ON (person_id, badge_id) id, badge_id, person_id, coalesce(context_id, 0), public_id, CASE WHEN state = 2 AND expires_at <= now() THEN 5 ELSE state END, rule_version, reasons, note, is_by_hand, is_awarded_by_hand, usec(created_at), usec(issued_at), usec(suspended_at), usec(revoked_at), usec(expires_at), usec(shared_at)
FROM award
WHERE institution_id = $1 AND ($2::int8[] IS NULL OR person_id = ANY ($2))
ORDER BY person_id, badge_id, created_at DESC, id DESC
