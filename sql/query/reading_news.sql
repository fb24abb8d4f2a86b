-- institution int8, course int8 ->
UPDATE context SET changed_at = now(), quiet_readings = 0 WHERE institution_id = $1 AND id = $2
