-- institution int8, person int8 -> ended int8
WITH ended AS (DELETE FROM session WHERE institution_id = $1 AND person_id = $2 RETURNING 1)
SELECT count(*) FROM ended
