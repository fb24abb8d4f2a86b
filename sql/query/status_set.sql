-- institution int8, list int8 -> status_index int8
SELECT status_index FROM award WHERE institution_id = $1 AND status_list_id = $2 AND state IN (3, 4) ORDER BY status_index
