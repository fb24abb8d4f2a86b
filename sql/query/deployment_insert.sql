-- registration int8, institution int8, deployment_id text -> id int8, institution_id int8
-- Who is let in waits no more, and was not refused.
WITH waited AS (
    UPDATE registration SET parked = parked - $3 WHERE id = $1 AND parked ? $3
)
INSERT INTO deployment AS d (registration_id, institution_id, deployment_id) VALUES ($1, $2, $3)
ON CONFLICT (registration_id, deployment_id) DO UPDATE SET is_active = true
RETURNING id, institution_id
