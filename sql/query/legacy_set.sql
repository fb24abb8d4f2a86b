-- registration int8, key text, secret_sealed bytea ->
INSERT INTO legacy_consumer (registration_id, consumer_key, secret_sealed) VALUES ($1, $2, $3)
ON CONFLICT (registration_id, consumer_key) DO UPDATE SET secret_sealed = excluded.secret_sealed
