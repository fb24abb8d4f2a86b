-- institution int8, deployment int8 -> base_url text, client_id text, secret_sealed bytea, asks_scopes bool, refresh_sealed bytea, access_sealed bytea, access_until int8, canvas_user_id text, canvas_user_name text, granted_at int8, refused text
SELECT g.base_url, o.client_id, o.secret_sealed, o.asks_scopes, o.refresh_sealed, o.access_sealed, usec(o.access_until),
       o.canvas_user_id, o.canvas_user_name, usec(o.granted_at), o.refused
FROM source_oauth o
JOIN grade_source g ON g.institution_id = $1 AND g.deployment_id = o.deployment_id AND g.kind = 'canvas'
                   AND g.token_sealed IS NULL
WHERE o.institution_id = $1 AND o.deployment_id = $2
