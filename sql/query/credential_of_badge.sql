-- institution int8, badge int8, after int8, row_limit int8 -> award_id int8
SELECT id FROM award WHERE institution_id = $1 AND badge_id = $2 AND id > $3 AND issued_at IS NOT NULL ORDER BY id LIMIT $4
