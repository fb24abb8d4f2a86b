-- institution int8, badge int8, after int8, row_limit int8 -> id int8, public_id text, json text, token text
SELECT a.id, a.public_id, j.body, t.body
FROM award a
LEFT JOIN credential j ON j.institution_id = a.institution_id AND j.award_id = a.id AND j.form = 0
LEFT JOIN credential t ON t.institution_id = a.institution_id AND t.award_id = a.id AND t.form = 1
WHERE a.institution_id = $1 AND a.badge_id = $2 AND a.id > $3 AND a.shared_at IS NOT NULL AND a.issued_at IS NOT NULL
ORDER BY a.id
LIMIT $4
