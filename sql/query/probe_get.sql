-- institution int8, deployment int8 -> registration_id int8, deployment_id text, has_course bool, course_title text, context_id text, lineitems_url text, nrps_url text
SELECT d.registration_id, d.deployment_id, c.id IS NOT NULL, coalesce(nullif(c.title, ''), c.label), c.context_id,
       c.lineitems_url, c.nrps_url
FROM deployment d
LEFT JOIN LATERAL (
    SELECT c.* FROM context c
    WHERE c.institution_id = $1 AND c.deployment_id = d.id
    ORDER BY (c.lineitems_url <> '')::int + (c.nrps_url <> '')::int DESC, c.sync_requested_at DESC NULLS LAST, c.id
    LIMIT 1
) c ON true
WHERE d.institution_id = $1 AND d.id = $2
