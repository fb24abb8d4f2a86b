-- id int8, state text, run_at timestamptz, text text ->
WITH successor AS ( -- the same waits already: that one will do
    SELECT w.id FROM job w JOIN job j ON j.kind = w.kind AND j.dedupe = w.dedupe
    WHERE j.id = $1 AND w.id <> $1 AND w.state = 'waiting' AND $2 = 'waiting'
), dropped AS (
    DELETE FROM job WHERE id = $1 AND EXISTS (SELECT FROM successor)
)
UPDATE job SET state = $2, run_at = coalesce($3, now()), lease_until = NULL, last_error = $4
WHERE id = $1 AND NOT EXISTS (SELECT FROM successor)
