-- registration int8, key text -> secret_sealed bytea
SELECT secret_sealed FROM legacy_consumer WHERE registration_id = $1 AND consumer_key = $2
