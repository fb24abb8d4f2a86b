-- registration int8 -> kid text, public_jwk text, private_sealed bytea, created_at int8, signs_from int8
SELECT kid, public_jwk::text, private_sealed, usec(created_at), usec(signs_from)
FROM tool_key
WHERE (registration_id = $1 OR registration_id IS NULL) AND signs_from <= now()
  AND (published_until IS NULL OR published_until > now())
ORDER BY registration_id NULLS LAST, signs_from DESC, kid
LIMIT 1
