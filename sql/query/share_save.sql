-- institution int8, award int8, identity int8, identity_hash text, salt text, platform text, did text, shows_results bool, shows_evidence bool, shows_name bool, told_results bool, told_evidence bool ->
INSERT INTO award_share (institution_id, award_id, identity, identity_hash, salt, platform, did, shows_results, shows_evidence, shows_name,
                         told_results, told_evidence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (institution_id, award_id) DO UPDATE
SET identity = excluded.identity, identity_hash = excluded.identity_hash, salt = excluded.salt,
    platform = excluded.platform, did = excluded.did, shows_results = excluded.shows_results,
    shows_evidence = excluded.shows_evidence, shows_name = excluded.shows_name,
    told_results = excluded.told_results, told_evidence = excluded.told_evidence
