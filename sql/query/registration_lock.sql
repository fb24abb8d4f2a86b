-- issuer text, client_id text -> lock text
SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))
