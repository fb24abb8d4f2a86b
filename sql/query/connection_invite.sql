-- code_hash bytea, institution int8, expires_at timestamptz, most int8 -> is_made bool
INSERT INTO invite (code_hash, institution_id, expires_at)
SELECT $1, $2, $3
WHERE (SELECT count(*) FROM invite i WHERE i.institution_id = $2 AND i.used_at IS NULL AND i.expires_at > now()) < $4
RETURNING true
