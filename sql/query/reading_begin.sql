-- institution int8, course int8, read_at timestamptz -> is_newer bool
SELECT coalesce(synced_at, '-infinity') < $3 FROM context WHERE institution_id = $1 AND id = $2 FOR UPDATE
