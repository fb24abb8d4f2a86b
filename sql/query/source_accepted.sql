-- institution int8, deployment int8 ->
UPDATE grade_source SET refused_at = NULL WHERE institution_id = $1 AND deployment_id = $2 AND refused_at IS NOT NULL
