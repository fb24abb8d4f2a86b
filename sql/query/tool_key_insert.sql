-- kid text, public_jwk text, private_sealed bytea -> kid text
INSERT INTO tool_key (kid, public_jwk, private_sealed) VALUES ($1, $2::jsonb, $3)
RETURNING kid
