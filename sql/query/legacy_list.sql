-- -> registration_id int8, issuer text, client_id text, key text, created_at int8
SELECT l.registration_id, r.issuer, r.client_id, l.consumer_key, usec(l.created_at)
FROM legacy_consumer l JOIN registration r ON r.id = l.registration_id
ORDER BY r.issuer, r.client_id, l.consumer_key
LIMIT 1000
