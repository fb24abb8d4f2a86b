-- institution int8, issuer int8, badge int8 -> woken text
WITH added AS (
    INSERT INTO job (institution_id, kind, dedupe, payload, priority)
    SELECT b.institution_id, k.kind, k.kind || ':badge:' || b.id,
           jsonb_build_object('badge', b.id, 'public_id', b.public_id), k.priority
    FROM badge b, (VALUES ('sign', 0), ('draw', -10)) AS k (kind, priority) -- pictures can wait
    WHERE b.institution_id = $1 AND b.issuer_id = $2 AND ($3::int8 IS NULL OR b.id = $3)
    ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO NOTHING
    RETURNING 1
)
SELECT pg_notify('laurel_job', '') FROM added LIMIT 1
