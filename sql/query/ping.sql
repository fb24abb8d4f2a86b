-- -> is_standby bool
SELECT pg_is_in_recovery()
