-- -> offers int8
WITH used AS (DELETE FROM wallet_used WHERE expires_at < now()),
     gone AS (DELETE FROM wallet_offer WHERE created_at < now() - interval '1 day' RETURNING 1)
SELECT count(*) FROM gone
