-- institution int8, course int8, person int8, digest bytea -> bytes int8
SELECT bytes FROM upload
WHERE institution_id = $1 AND context_id = $2 AND person_id = $3 AND digest = $4
  AND created_at > now() - interval '1 hour'
