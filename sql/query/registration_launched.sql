-- registration int8 -> launched_at int8
SELECT usec(registration_launched($1))
