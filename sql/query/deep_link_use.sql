-- institution int8, launch text -> launch text
UPDATE deep_link SET used_at = now()
WHERE institution_id = $1 AND launch_id = $2::uuid AND used_at IS NULL
RETURNING launch_id
