-- institution int8, ids int8[] -> award_id int8, badge_id int8, issuer_id int8, public_id text, state int8, issued_at int8, expires_at int8, reasons text, badge_public_id text, badge_key text, definition text, rule text, evidence text, shared_at int8, identity int8, identity_hash text, salt text, platform text, did text, shows_results bool, shows_evidence bool, status_list text, suspension_list text, status_index int8, digest_json bytea, digest_token bytea, valid_from int8, shows_name bool
SELECT a.id, a.badge_id, b.issuer_id, a.public_id, a.state, usec(a.issued_at), usec(a.expires_at), a.reasons,
       b.public_id, b.key, b.definition, v.rule,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('condition', t.condition, 'evidence', t.evidence)
                                  ORDER BY t.condition), '[]')
        FROM attestation t
        WHERE t.institution_id = a.institution_id AND t.badge_id = a.badge_id AND t.person_id = a.person_id),
       usec(a.shared_at), coalesce(s.identity, 0), s.identity_hash, s.salt, s.platform, s.did,
       share_shows('results', s.shows_results, s.told_results, a.shared_at, b.definition),
       share_shows('evidence', s.shows_evidence, s.told_evidence, a.shared_at, b.definition), l.public_id, l.suspension_id,
       a.status_index, j.digest, t.digest, usec(greatest(j.valid_from, t.valid_from)),
       coalesce(s.shows_name, false)
-- By key, one by one: where a table has grown since it was last counted, a plan made for few rows reads all of it for each.
FROM (SELECT DISTINCT unnest($2) AS id) w
CROSS JOIN LATERAL (SELECT * FROM award WHERE institution_id = $1 AND id = w.id AND issued_at IS NOT NULL LIMIT 1) a
JOIN badge b ON b.institution_id = a.institution_id AND b.id = a.badge_id
LEFT JOIN rule_version v ON v.institution_id = a.institution_id AND v.badge_id = a.badge_id AND v.version = a.rule_version
LEFT JOIN status_list l ON l.institution_id = a.institution_id AND l.id = a.status_list_id
LEFT JOIN LATERAL (SELECT * FROM award_share WHERE institution_id = $1 AND award_id = w.id LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT * FROM credential WHERE institution_id = $1 AND award_id = w.id AND form = 0 LIMIT 1) j ON true
LEFT JOIN LATERAL (SELECT * FROM credential WHERE institution_id = $1 AND award_id = w.id AND form = 1 LIMIT 1) t ON true
ORDER BY a.id
