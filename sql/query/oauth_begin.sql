-- launch text, person int8, deployment int8, state_hash bytea, browser_hash bytea, seconds int8 -> institution_id int8
INSERT INTO oauth_state (state_hash, institution_id, deployment_id, person_id, launch_id, browser_hash, expires_at)
SELECT $4, s.institution_id, d.id, s.person_id, s.launch_id, $5, now() + $6 * interval '1 second'
FROM session s
JOIN deployment d ON d.institution_id = s.institution_id AND d.id = $3 AND d.is_active
-- A badge admin (MODEL_ROLE_ADMIN) of the whole institution, as of now.
WHERE s.launch_id = $1::uuid AND s.person_id = $2 AND s.role = 4 AND s.issuer_keys = '{}' AND s.expires_at > now()
ON CONFLICT (deployment_id, person_id) DO UPDATE
SET state_hash = excluded.state_hash, launch_id = excluded.launch_id, browser_hash = excluded.browser_hash,
    expires_at = excluded.expires_at, institution_id = excluded.institution_id
RETURNING institution_id
