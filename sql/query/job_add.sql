-- institution int8, kind text, dedupe text, payload text, priority int8, run_at timestamptz ->
WITH added AS (
    INSERT INTO job AS j (institution_id, kind, dedupe, payload, priority, run_at)
    VALUES ($1, $2, $3, $4::jsonb, $5, coalesce($6, now()))
    ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO UPDATE
    SET priority = greatest(j.priority, excluded.priority), run_at = least(j.run_at, excluded.run_at),
        lane = excluded.lane, slots = excluded.slots
    RETURNING 1
)
SELECT pg_notify('laurel_job', '') FROM added
