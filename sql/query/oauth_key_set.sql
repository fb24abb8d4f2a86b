-- institution int8, deployment int8, client_id text, secret_sealed bytea, asks_scopes bool, base_url text ->
INSERT INTO source_oauth AS o (institution_id, deployment_id, client_id, secret_sealed, asks_scopes)
VALUES ($1, $2, $3, $4, $5)
-- Another secret of the same key at the same place keeps what was granted; all else ends it.
ON CONFLICT (institution_id, deployment_id) DO UPDATE
SET client_id = excluded.client_id, secret_sealed = excluded.secret_sealed, asks_scopes = excluded.asks_scopes,
    refused = '', renewing_until = NULL,
    refresh_sealed = CASE WHEN o.client_id = $3 AND EXISTS (SELECT FROM grade_source g WHERE g.institution_id = $1
                                                            AND g.deployment_id = $2 AND g.kind = 'canvas'
                                                            AND g.token_sealed IS NULL AND g.base_url = $6)
                     THEN o.refresh_sealed END,
    access_sealed = NULL, access_until = NULL
