-- institution int8, awards int8[] -> woken text
WITH part AS (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / 200 AS n FROM (SELECT DISTINCT unnest($2) AS id) AS a
), added AS (
    INSERT INTO job (institution_id, kind, dedupe, payload, priority)
    SELECT $1, 'sign', 'sign:' || md5(string_agg(id::text, ',' ORDER BY id)),
           jsonb_build_object('awards', jsonb_agg(id ORDER BY id)), 20
    FROM part GROUP BY n
    ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO NOTHING
    RETURNING 1
)
SELECT pg_notify('laurel_job', '') FROM added LIMIT 1
