-- registration int8, nonce text, expires_at timestamptz ->
INSERT INTO used_nonce (registration_id, nonce, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
