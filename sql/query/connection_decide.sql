-- institution int8, slug text, deployment_id text, is_active bool -> id int8
WITH r AS (
    UPDATE registration r SET parked = r.parked - $3
    WHERE r.institution_id = $1 AND r.slug = $2
      AND (r.parked ? $3 OR EXISTS (SELECT FROM deployment d WHERE d.registration_id = r.id
                                    AND d.deployment_id = $3 AND d.institution_id = $1))
    RETURNING r.id
)
INSERT INTO deployment AS d (registration_id, institution_id, deployment_id, is_active)
SELECT r.id, $1, $3, $4 FROM r
ON CONFLICT (registration_id, deployment_id) DO UPDATE SET is_active = excluded.is_active
WHERE d.institution_id = $1
RETURNING id
