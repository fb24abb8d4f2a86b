-- -> lane text, parallel int8, failures int8, open_until int8, reason text, last_error text
SELECT lane, parallel::bigint, failures::bigint, usec(open_until), reason, last_error
FROM source_host
WHERE failures > 0 OR open_until IS NOT NULL
ORDER BY lane
