-- institution int8, deployment int8, updated_at int8, text text ->
-- Its token was, and it was not set anew meanwhile: all its courses say so, and none is read by itself.
WITH refused AS (
    UPDATE grade_source SET refused_at = now()
    WHERE institution_id = $1 AND deployment_id = $2 AND usec(updated_at) = $3
    RETURNING 1
), course AS (
    SELECT c.id FROM context c
    WHERE c.institution_id = $1 AND c.deployment_id = $2 AND EXISTS (SELECT FROM refused)
      AND EXISTS (SELECT FROM badge_course b WHERE b.institution_id = $1 AND b.context_id = c.id)
    ORDER BY c.id
    FOR NO KEY UPDATE
)
UPDATE context c SET sync_failed_at = now(), sync_error = $4, next_read_at = NULL
FROM course WHERE c.institution_id = $1 AND c.id = course.id
