-- course int8, badge int8 -> is_mine bool
SELECT pg_try_advisory_xact_lock(($1 % 2147483647)::int, ($2 % 2147483647)::int)
