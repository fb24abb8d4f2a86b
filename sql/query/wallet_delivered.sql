-- id text ->
UPDATE wallet_offer SET delivered_at = coalesce(delivered_at, now()) WHERE id = $1::uuid
