-- institution int8, issuer int8, public_id text, alg text, public_jwk text, private_sealed bytea -> id int8
INSERT INTO issuer_key (institution_id, issuer_id, public_id, alg, public_jwk, private_sealed)
VALUES ($1, $2, $3::uuid, $4, $5::jsonb, $6)
ON CONFLICT (institution_id, issuer_id, (alg = 'EdDSA')) WHERE retired_at IS NULL DO NOTHING
RETURNING id
