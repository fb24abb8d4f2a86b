-- institution int8, deployment int8 -> dropped bool
DELETE FROM event_feed WHERE institution_id = $1 AND deployment_id = $2 RETURNING true
