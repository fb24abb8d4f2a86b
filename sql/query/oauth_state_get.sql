-- state_hash bytea -> institution_id int8, deployment_id int8, person_id int8, browser_hash bytea, is_over bool
SELECT o.institution_id, o.deployment_id, o.person_id, o.browser_hash,
       o.expires_at <= now() OR NOT EXISTS (SELECT FROM session s WHERE s.launch_id = o.launch_id AND s.expires_at > now())
FROM oauth_state o WHERE o.state_hash = $1
