-- public_id text, badge text, sub text, context text -> id int8, badge_id int8, person_id int8, course_id int8, public_id text, state int8, rule_version int8, reasons text, note text, is_by_hand bool, is_awarded_by_hand bool, created_at int8, issued_at int8, suspended_at int8, revoked_at int8, expires_at int8, shared_at int8, institution_id int8, badge_key text, badge_name text, issuer text, client_id text, sub text, person_name text, context_id text, course_title text, is_in_gradebook bool
WITH found AS (
    SELECT * FROM award_rows($1::uuid, $2, $3, $4)
), a AS (
    SELECT * FROM award_list_all(ARRAY(SELECT award_id FROM found))
)
SELECT a.id, a.badge_id, a.person_id, coalesce(a.context_id, 0), a.public_id, CASE WHEN a.state = 2 AND a.expires_at <= now() THEN 5 ELSE a.state END, a.rule_version, a.reasons, a.note,
       a.is_by_hand, a.is_awarded_by_hand, usec(a.created_at), usec(a.issued_at), usec(a.suspended_at),
       usec(a.revoked_at), usec(a.expires_at), usec(a.shared_at), f.institution_id, f.badge_key, f.badge_name, r.issuer, r.client_id,
       f.sub, f.person_name, f.context_id, f.course_title, f.is_in_gradebook
FROM found f
JOIN a ON a.id = f.award_id AND a.institution_id = f.institution_id
JOIN registration r ON r.id = f.registration_id
ORDER BY a.id
