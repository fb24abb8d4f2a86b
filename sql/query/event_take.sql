-- id text, digest bytea, refs text[], minute_max int8 -> verdict text
SELECT event_take($1::uuid, nullif($2, ''::bytea), $3, $4)
