-- -> institution_id int8, id int8, issuer_id int8, public_id text, alg text, public_jwk text, created_at int8, retired_at int8, issuer_public_id text, issuer_key text, institution text
SELECT institution_id, id, issuer_id, public_id, alg, public_jwk, usec(created_at), usec(retired_at), issuer_public_id,
       issuer_key, institution
FROM issuer_key_all()
ORDER BY institution, issuer_key, created_at DESC, id DESC
LIMIT 10000
