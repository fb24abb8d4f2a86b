-- registration_slug text -> kid text, public_jwk text, created_at int8, signs_from int8, signs_until int8, published_until int8, registration text
SELECT k.kid, k.public_jwk, usec(k.created_at), usec(k.signs_from), usec(k.signs_until), usec(k.published_until), k.slug
FROM (SELECT t.kid, t.public_jwk::text, t.created_at, t.signs_from, r.slug, lead(t.signs_from) OVER later AS signs_until,
             least(t.published_until, lead(t.signs_from) OVER later + interval '14 days') AS published_until
      FROM tool_key t LEFT JOIN registration r ON r.id = t.registration_id
      WHERE $1::text IS NULL OR t.registration_id IS NULL OR r.slug = $1
      WINDOW later AS (PARTITION BY t.registration_id ORDER BY t.signs_from, t.kid DESC)) AS k
WHERE k.published_until IS NULL OR k.published_until > now()
ORDER BY k.slug NULLS FIRST, k.signs_from DESC, k.kid
LIMIT 2000
