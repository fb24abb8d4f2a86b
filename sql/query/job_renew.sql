-- ids int8[], lease_s int8 ->
UPDATE job SET lease_until = now() + $2 * interval '1 second' WHERE id = ANY ($1) AND state = 'leased'
