-- code_hash bytea, institution int8, registration int8, config_host text, approves_deployments bool, expires_at timestamptz ->
INSERT INTO invite (code_hash, institution_id, registration_id, config_host, approves_deployments, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
