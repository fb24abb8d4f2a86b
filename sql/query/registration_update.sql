-- id int8, auth_url text, token_url text, jwks_url text, token_audience text, trusts_admin_role bool, is_enabled bool, approves_deployments bool, institution int8, scopes text ->
UPDATE registration
SET auth_url = $2, token_url = $3, jwks_url = $4, token_audience = $5, trusts_admin_role = $6, is_enabled = $7,
    approves_deployments = $8, institution_id = $9, scopes = $10
WHERE id = $1
