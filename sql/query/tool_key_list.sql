-- -> kid text, public_jwk text, created_at int8, retired_at int8
SELECT kid, public_jwk::text, usec(created_at), usec(retired_at)
FROM tool_key
WHERE published_until IS NULL OR published_until > now()
ORDER BY created_at DESC, kid
LIMIT 100
