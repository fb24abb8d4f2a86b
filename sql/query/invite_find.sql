-- code_hash bytea -> institution int8, institution_name text, registration int8, config_host text, approves_deployments bool, expires_at int8, used_at int8
SELECT v.institution_id, i.name, v.registration_id, v.config_host, v.approves_deployments, usec(v.expires_at), usec(v.used_at)
FROM invite v JOIN institution i ON i.id = v.institution_id
WHERE v.code_hash = $1
