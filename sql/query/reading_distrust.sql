-- institution int8, course int8 ->
UPDATE membership SET read_digest = NULL WHERE institution_id = $1 AND context_id = $2 AND read_digest IS NOT NULL
