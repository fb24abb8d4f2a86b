-- id text, institution int8, deployment int8, root_account text, jwks_url text -> id text
INSERT INTO event_feed AS f (id, institution_id, deployment_id, root_account_uuid, jwks_url)
VALUES ($1::uuid, $2, $3, $4, $5)
-- The address stays: Canvas has it.
ON CONFLICT (deployment_id) DO UPDATE
SET root_account_uuid = excluded.root_account_uuid, jwks_url = excluded.jwks_url, refused = '{}'
RETURNING f.id
