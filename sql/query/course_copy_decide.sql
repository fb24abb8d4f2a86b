-- institution int8, course int8, origin int8, state text, person int8 -> origin_id int8
UPDATE course_copy SET state = $4, decided_at = now(), decided_by_person_id = $5
WHERE institution_id = $1 AND context_id = $2 AND origin_id = $3 AND state = 'proposed'
RETURNING origin_id
