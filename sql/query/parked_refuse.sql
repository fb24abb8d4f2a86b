-- registration int8, deployment_id text -> id int8
-- One that was let in meanwhile is switched off, not refused.
UPDATE registration r SET parked = jsonb_set(parked, ARRAY[$2, 'refused'], 'true')
WHERE r.id = $1 AND r.parked ? $2
  AND NOT EXISTS (SELECT FROM deployment d WHERE d.registration_id = r.id AND d.deployment_id = $2)
RETURNING r.id
