-- institution int8, course int8 -> person_id int8
SELECT person_id FROM membership WHERE institution_id = $1 AND context_id = $2 ORDER BY person_id LIMIT 50000
