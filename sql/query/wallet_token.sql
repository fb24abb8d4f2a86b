-- token_hash bytea -> id text, institution_id int8, award_id int8, person_id int8
SELECT id, institution_id, award_id, person_id FROM wallet_offer WHERE token_hash = $1 AND token_until > now()
