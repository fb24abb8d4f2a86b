-- code_hash bytea, digits_mac bytea, token_hash bytea, seconds int8, tries int8 -> is_taken bool, asks_digits bool
-- One statement: of any number that come at once, one takes it, and each guess is counted before the next is looked at.
UPDATE wallet_offer o
SET tries = o.tries + CASE WHEN $2 = '' OR o.digits_mac = $2 THEN 0 ELSE 1 END,
    used_at = CASE WHEN o.digits_mac = $2 THEN now() END,
    token_hash = CASE WHEN o.digits_mac = $2 THEN $3 END,
    token_until = CASE WHEN o.digits_mac = $2 THEN now() + $4 * interval '1 second' END
WHERE o.code_hash = $1 AND o.used_at IS NULL AND o.expires_at > now() AND o.tries < $5
RETURNING o.used_at IS NOT NULL, o.digits_mac <> ''
