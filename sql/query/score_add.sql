-- institution int8, awards int8[] -> woken text
-- One key for all awards of a badge and person in a course: the queue runs one job of a key at a time, so scores go out in
-- order, and the job itself looks which award is the latest. An award of no course has no column.
WITH added AS (
    INSERT INTO job AS j (institution_id, kind, dedupe, payload, priority)
    SELECT DISTINCT ON (a.context_id, a.badge_id, a.person_id) $1, 'score',
           concat_ws(':', 'score', a.context_id, a.badge_id, a.person_id), jsonb_build_object('award', a.id), 25
    FROM (SELECT DISTINCT unnest($2) AS id) w
    CROSS JOIN LATERAL (SELECT * FROM award WHERE institution_id = $1 AND id = w.id AND context_id IS NOT NULL LIMIT 1) a
    ORDER BY a.context_id, a.badge_id, a.person_id, a.id
    ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO UPDATE
    SET priority = greatest(j.priority, excluded.priority), run_at = least(j.run_at, excluded.run_at)
    RETURNING 1
)
SELECT pg_notify('laurel_job', '') FROM added LIMIT 1
