-- institution int8, issuer int8, key int8 -> institution_id int8, id int8, issuer_id int8, public_id text, alg text, public_jwk text, created_at int8, retired_at int8
SELECT institution_id, id, issuer_id, public_id, alg, public_jwk, usec(created_at), usec(retired_at)
FROM issuer_key
WHERE institution_id = $1 AND ($2::int8 IS NULL OR issuer_id = $2) AND ($3::int8 IS NULL OR id = $3)
ORDER BY created_at DESC, id DESC
LIMIT 1000
