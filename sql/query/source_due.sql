-- institution int8, deployment int8 ->
UPDATE context SET sync_requested_at = now(), sync_error = NULL, source_gaps = '', whole_at = NULL WHERE institution_id = $1 AND deployment_id = $2
