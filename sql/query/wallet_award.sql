-- institution int8, award int8, person int8 -> is_good bool, is_signed bool, has_problem bool
SELECT a.state = 2 AND (a.expires_at IS NULL OR a.expires_at > now()), a.signed_at IS NOT NULL, a.sign_problem IS NOT NULL
FROM award a WHERE a.institution_id = $1 AND a.id = $2 AND a.person_id = $3
