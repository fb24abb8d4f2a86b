-- slug text, issuer text, client_id text, auth_url text, token_url text, jwks_url text, token_audience text, trusts_admin_role bool, institution int8 -> id int8
INSERT INTO registration (slug, issuer, client_id, auth_url, token_url, jwks_url, token_audience, trusts_admin_role,
                          institution_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
RETURNING id
