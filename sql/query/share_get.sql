-- institution int8, award int8 -> shared_at int8, identity int8, identity_hash text, salt text, platform text, did text, shows_results bool, shows_evidence bool, shows_name bool, told_results bool, told_evidence bool
SELECT usec(a.shared_at), coalesce(s.identity, 0), s.identity_hash, s.salt, s.platform, s.did,
       coalesce(s.shows_results, false), coalesce(s.shows_evidence, false), coalesce(s.shows_name, false),
       coalesce(s.told_results, false), coalesce(s.told_evidence, false)
FROM award a LEFT JOIN award_share s ON s.institution_id = a.institution_id AND s.award_id = a.id
WHERE a.institution_id = $1 AND a.id = $2
