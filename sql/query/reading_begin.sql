-- institution int8, course int8, read_at timestamptz, source text -> is_newer bool, is_source bool, has_digests bool, by_index text
-- Uploads and the course's own source do not stand in each other's way: a reading that began before an upload is news.
SELECT $3 > coalesce(CASE WHEN g.kind IS NULL THEN c.synced_at ELSE c.source_read_at END, '-infinity'),
       g.kind IS NOT NULL, c.digests_at IS NOT DISTINCT FROM c.synced_at,
       -- What a merge fills it also reads by key: a plan made for an empty table would read all of it for each row.
       set_config('enable_seqscan', 'off', true)
FROM context c
LEFT JOIN grade_source g ON g.institution_id = c.institution_id AND g.deployment_id = c.deployment_id AND g.kind = $4
    AND g.updated_at <= $3 -- a source that was changed meanwhile is another one
WHERE c.institution_id = $1 AND c.id = $2
FOR UPDATE OF c
