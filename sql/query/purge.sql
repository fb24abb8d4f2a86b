-- -> nonces int8, sessions int8
WITH given_up AS (UPDATE job SET state = 'dead', lease_until = NULL, last_error = 'its worker died each time'
                  WHERE state = 'leased' AND lease_until < now() AND attempts >= 20),
     nonces AS (DELETE FROM used_nonce WHERE expires_at < now() RETURNING 1),
     sessions AS (DELETE FROM session WHERE expires_at < now() RETURNING 1)
SELECT (SELECT count(*) FROM nonces), (SELECT count(*) FROM sessions)
