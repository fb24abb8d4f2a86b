-- id text, institution int8, award int8, person int8, key_hash bytea, code_hash bytea, digits_mac bytea, seconds int8 ->
INSERT INTO wallet_offer (id, institution_id, award_id, person_id, key_hash, code_hash, digits_mac, expires_at)
VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 second')
ON CONFLICT (institution_id, award_id) WHERE used_at IS NULL DO UPDATE
SET id = excluded.id, person_id = excluded.person_id, key_hash = excluded.key_hash, code_hash = excluded.code_hash,
    digits_mac = excluded.digits_mac, tries = 0, created_at = now(), expires_at = excluded.expires_at
