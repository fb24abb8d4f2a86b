-- institution int8, deployment int8, capabilities text ->
UPDATE deployment SET capabilities = $3::jsonb, probed_at = now() WHERE institution_id = $1 AND id = $2
