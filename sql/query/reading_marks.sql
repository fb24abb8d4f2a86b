-- institution int8, course int8, people int8[], marks text[], digests bytea[], read timestamptz[] ->
UPDATE membership m
SET read_mark = n.mark, read_digest = nullif(n.digest, ''), read_at = coalesce(n.read_at, m.read_at)
FROM unnest($3, $4, $5, $6) AS n (person_id, mark, digest, read_at)
WHERE m.institution_id = $1 AND m.context_id = $2 AND m.person_id = n.person_id
