-- key_hash bytea, tries int8 -> id text, asks_digits bool
SELECT id, digits_mac <> '' FROM wallet_offer
WHERE key_hash = $1 AND used_at IS NULL AND expires_at > now() AND tries < $2
