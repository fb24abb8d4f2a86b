-- institution int8, course int8, letters text -> id int8
-- Of a scale that is another now.
UPDATE context SET letters = $3 WHERE institution_id = $1 AND id = $2 AND letters <> $3
RETURNING id
