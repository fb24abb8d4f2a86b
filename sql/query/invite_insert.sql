-- code_hash bytea, institution int8, registration int8, config_host text, approves_deployments bool, expires_at timestamptz, most int8 -> is_made bool
INSERT INTO invite (code_hash, institution_id, registration_id, config_host, approves_deployments, expires_at)
SELECT $1, $2, $3, $4, $5, $6
WHERE (SELECT count(*) FROM invite i WHERE i.institution_id = $2 AND i.used_at IS NULL AND i.expires_at > now()) < $7
RETURNING true
