-- -> nonces int8, sessions int8
WITH nonces AS (DELETE FROM used_nonce WHERE expires_at < now() RETURNING 1),
     sessions AS (DELETE FROM session WHERE expires_at < now() RETURNING 1)
SELECT (SELECT count(*) FROM nonces), (SELECT count(*) FROM sessions)
