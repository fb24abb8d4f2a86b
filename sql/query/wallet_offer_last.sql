-- institution int8, award int8, person int8 -> id text, asks_digits bool, tries int8, expires_at int8, used_at int8, delivered_at int8, is_over bool
SELECT id, digits_mac <> '', tries, usec(expires_at), usec(used_at), usec(delivered_at),
       coalesce(token_until, expires_at) <= now()
FROM wallet_offer WHERE institution_id = $1 AND award_id = $2 AND person_id = $3
ORDER BY created_at DESC LIMIT 1
