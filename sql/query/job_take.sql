-- lease_s int8 -> id int8, institution_id int8, kind text, payload text, attempts int8
UPDATE job SET state = 'leased', attempts = attempts + 1, lease_until = now() + $1 * interval '1 second'
WHERE id = (
    SELECT j.id FROM job j
    WHERE ((j.state = 'waiting' AND j.run_at <= now()) OR (j.state = 'leased' AND j.lease_until < now()))
      AND j.attempts < 20 -- what kills its worker each time is not tried for ever
      -- One at a time for each thing: a newer job waits until the one that runs is done. One whose worker died
      -- goes first, so that it is not taken beside its successor.
      AND NOT EXISTS (SELECT FROM job r WHERE r.kind = j.kind AND r.dedupe = j.dedupe AND r.state = 'leased'
                      AND (r.lease_until >= now() OR j.state = 'waiting') AND r.id <> j.id)
      -- Nor does one institution, whose platform hangs, take every thread from the others.
      AND (SELECT count(*) FROM job r WHERE r.institution_id = j.institution_id AND r.state = 'leased'
           AND r.lease_until >= now()) < 3
    ORDER BY j.priority DESC, j.run_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING id, institution_id, kind, payload, attempts
