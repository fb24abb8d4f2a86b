-- digest bytea, seconds int8 -> is_first bool
INSERT INTO wallet_used (digest, expires_at) VALUES ($1, now() + $2 * interval '1 second')
ON CONFLICT DO NOTHING RETURNING true
