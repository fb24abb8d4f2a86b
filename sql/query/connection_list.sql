-- institution int8 -> registration_id int8, id int8, slug text, issuer text, client_id text, product text, deployment_id text, is_enabled bool, is_active bool, is_own bool, offers_storage bool, has_notices bool, is_probing bool, source_kind text, capabilities text, probed_at int8, launched_at int8
SELECT r.id, d.id, r.slug, r.issuer, r.client_id, r.product, d.deployment_id, r.is_enabled,
       coalesce(d.is_active, false), coalesce(r.institution_id = $1, false), r.offers_storage,
       coalesce(d.notices_url <> '', false),
       EXISTS (SELECT FROM job j WHERE j.kind = 'probe' AND j.dedupe = 'probe:' || d.id
               AND j.state IN ('waiting', 'leased') AND j.created_at > now() - interval '1 minute'),
       g.kind, coalesce(d.capabilities, '{}'), usec(d.probed_at), usec(coalesce(
           (SELECT s.created_at FROM session s JOIN context c ON c.institution_id = $1 AND c.id = s.context_id
            WHERE s.institution_id = $1 AND s.registration_id = r.id AND c.deployment_id = d.id
            ORDER BY s.launch_id DESC LIMIT 1),
           (SELECT max(m.launched_at) FROM membership m JOIN context c ON c.institution_id = $1 AND c.id = m.context_id
            WHERE m.institution_id = $1 AND c.deployment_id = d.id)))
FROM registration r
LEFT JOIN deployment d ON d.registration_id = r.id AND d.institution_id = $1
LEFT JOIN grade_source g ON g.institution_id = $1 AND g.deployment_id = d.id
WHERE d.id IS NOT NULL OR r.institution_id = $1
ORDER BY r.issuer, r.client_id, r.id, d.deployment_id
LIMIT 200
