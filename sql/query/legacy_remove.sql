-- registration int8, key text -> is_removed bool
DELETE FROM legacy_consumer WHERE registration_id = $1 AND consumer_key = $2 RETURNING true
