-- id int8, auth_url text, token_url text, jwks_url text, token_audience text, scopes text ->
-- What a platform says of itself, and nothing that an admin decides: that may have changed while the platform answered.
UPDATE registration SET auth_url = $2, token_url = $3, jwks_url = $4, token_audience = $5, scopes = $6
WHERE id = $1
