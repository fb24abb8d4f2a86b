-- registrations int8[], launches text[], token_hashes bytea[], browser_hashes bytea[] -> n int8, verdict text
SELECT n, verdict FROM launch_record($1, $2, $3, $4)
