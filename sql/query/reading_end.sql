-- institution int8, course int8, read_at timestamptz, is_source bool, is_whole bool, is_back bool, is_changed bool, is_complete bool, course_ref text, is_over bool, ends_at timestamptz, requests int8, unmatched int8, gaps text ->
UPDATE context
SET synced_at = greatest(synced_at, $3), digests_at = greatest(synced_at, $3), sync_failed_at = NULL, sync_error = NULL,
    changed_at = CASE WHEN $7 THEN now() ELSE changed_at END,
    source_read_at = CASE WHEN $4 THEN $3 ELSE source_read_at END,
    -- An item that came back brings what was graded before: a reading of changes may not say it.
    whole_at = CASE WHEN NOT $4 THEN whole_at WHEN $5 THEN $3 WHEN $6 THEN NULL ELSE whole_at END,
    whole_requests = CASE WHEN $4 AND $5 THEN $12 ELSE whole_requests END,
    unmatched = CASE WHEN $4 AND $8 THEN $13 ELSE unmatched END,
    -- A reading of changes asks of some only: that it found no gap says little.
    source_gaps = CASE WHEN $4 AND ($5 OR $14 <> '') THEN $14 ELSE source_gaps END,
    source_ref = CASE WHEN $4 AND $9 <> '' THEN $9 ELSE source_ref END,
    is_over = CASE WHEN $4 THEN $10 ELSE is_over END,
    ends_at = CASE WHEN $4 THEN $11 ELSE ends_at END
WHERE institution_id = $1 AND id = $2
