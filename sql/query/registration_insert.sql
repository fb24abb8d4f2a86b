-- slug text, issuer text, client_id text, auth_url text, token_url text, jwks_url text, token_audience text, trusts_admin_role bool, institution int8, approves_deployments bool, product text, scopes text -> id int8
INSERT INTO registration (slug, issuer, client_id, auth_url, token_url, jwks_url, token_audience, trusts_admin_role,
                          institution_id, approves_deployments, product, scopes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
RETURNING id
