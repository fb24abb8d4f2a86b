-- institution int8, deployment int8 -> id text, root_account_uuid text, jwks_url text, created_at int8, last_event_at int8, counts text, refused_reason text, refused_text text, refused_at int8
SELECT f.id, f.root_account_uuid, f.jwks_url, usec(f.created_at), usec(f.last_event_at), f.counts,
       coalesce(n.key, ''), coalesce(n.value->>'text', ''), usec((n.value->>'last_at')::timestamptz)
FROM event_feed f
LEFT JOIN LATERAL (SELECT e.key, e.value FROM jsonb_each(f.refused) e
                   ORDER BY e.value->>'last_at' DESC LIMIT 1) n ON true
WHERE f.institution_id = $1 AND f.deployment_id = $2
