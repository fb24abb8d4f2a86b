-- kid text, public_jwk text, private_sealed bytea, registration int8, signs_from timestamptz -> kid text
INSERT INTO tool_key (kid, public_jwk, private_sealed, registration_id, signs_from)
VALUES ($1, $2::jsonb, $3, $4, coalesce($5, now()))
RETURNING kid
