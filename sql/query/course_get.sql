-- institution int8, course int8 -> registration_id int8, deployment_id int8, public_id text, context_id text, title text, time_zone text, issuer text, client_id text, platform_deployment_id text, lineitems_url text, nrps_url text, ags_scopes text, synced_at int8, sync_requested_at int8, sync_failed_at int8, sync_error text, next_read_at int8, host text, host_open_until int8, host_reason text, source_read_at int8, whole_at int8, whole_requested_at int8, whole_requests int8, letters text
SELECT d.registration_id, c.deployment_id, c.public_id, c.context_id,
       coalesce(nullif(c.title, ''), nullif(c.label, ''), c.context_id), i.time_zone, r.issuer, r.client_id,
       d.deployment_id, c.lineitems_url, c.nrps_url, c.ags_scopes, usec(c.synced_at), usec(c.sync_requested_at),
       usec(c.sync_failed_at), coalesce(c.sync_error, ''),
       usec(c.next_read_at), coalesce(h.lane, ''), usec(h.open_until), coalesce(h.reason, ''), usec(c.source_read_at),
       usec(c.whole_at), usec(c.whole_requested_at), c.whole_requests, c.letters
FROM context c
JOIN institution i ON i.id = c.institution_id
JOIN deployment d ON d.id = c.deployment_id
JOIN registration r ON r.id = d.registration_id
LEFT JOIN grade_source g ON g.institution_id = c.institution_id AND g.deployment_id = c.deployment_id AND g.kind <> 'csv'
LEFT JOIN source_host h ON h.lane = source_lane(g.kind, g.base_url, c.lineitems_url, r.token_url)
    AND h.open_until > now()
WHERE c.institution_id = $1 AND c.id = $2
