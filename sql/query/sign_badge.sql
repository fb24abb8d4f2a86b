-- institution int8, issuer int8, badge int8 -> woken text
WITH added AS (
    INSERT INTO job (institution_id, kind, dedupe, payload)
    SELECT institution_id, 'sign', 'sign:badge:' || id, jsonb_build_object('badge', id)
    FROM badge WHERE institution_id = $1 AND issuer_id = $2 AND ($3::int8 IS NULL OR id = $3)
    ON CONFLICT (kind, dedupe) WHERE state = 'waiting' DO NOTHING
    RETURNING 1
)
SELECT pg_notify('laurel_job', '') FROM added LIMIT 1
