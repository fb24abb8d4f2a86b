-- institution int8, from_time timestamptz, after int8 -> id int8, unmatched int8, is_stale bool
-- Uploads have no day: only a course that is read by itself can be overdue, and not when it is over.
SELECT c.id, c.unmatched,
       g.kind <> 'csv' AND NOT c.is_over
           AND (c.sync_failed_at IS NOT NULL OR coalesce(c.source_read_at, c.synced_at) < now() - interval '1 day')
FROM context c
LEFT JOIN grade_source g ON g.institution_id = c.institution_id AND g.deployment_id = c.deployment_id
WHERE c.institution_id = $1 AND c.id > $3
  AND EXISTS (SELECT FROM badge_course b WHERE b.institution_id = $1 AND b.context_id = c.id)
  AND NOT EXISTS (SELECT FROM reconciliation r WHERE r.institution_id = $1 AND r.context_id = c.id AND r.at >= $2)
ORDER BY c.id
LIMIT 100
