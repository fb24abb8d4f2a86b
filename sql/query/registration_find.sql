-- id int8, slug text, issuer text, client_id text -> id int8, slug text, issuer text, client_id text, auth_url text, token_url text, jwks_url text, token_audience text, trusts_admin_role bool, is_enabled bool, product text, institution_id int8, approves_deployments bool, offers_storage bool, scopes text
SELECT id, slug, issuer, client_id, auth_url, token_url, jwks_url, token_audience, trusts_admin_role, is_enabled,
       product, institution_id, approves_deployments, offers_storage, scopes
FROM registration
WHERE ($1::int8 IS NULL OR id = $1)
  AND ($2::text IS NULL OR slug = $2)
  AND ($3::text IS NULL OR issuer = $3)
  AND ($4::text IS NULL OR client_id = $4)
ORDER BY id
LIMIT 1000
