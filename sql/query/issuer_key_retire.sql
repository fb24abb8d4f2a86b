-- institution int8, issuer int8, is_proof_key bool -> id int8
UPDATE issuer_key SET retired_at = now()
WHERE institution_id = $1 AND issuer_id = $2 AND (alg = 'EdDSA') = $3 AND retired_at IS NULL
RETURNING id
