-- code_hash bytea -> institution int8
UPDATE invite SET used_at = now() WHERE code_hash = $1 AND used_at IS NULL AND expires_at > now()
RETURNING institution_id
