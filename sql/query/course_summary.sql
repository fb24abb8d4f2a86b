-- institution int8, issuer_keys text[] -> courses int8, read_lately int8, troubled int8
WITH broken AS (
    SELECT DISTINCT m.context_id FROM badge_course m
    JOIN badge b ON b.institution_id = m.institution_id AND b.id = m.badge_id
    JOIN issuer i ON i.institution_id = b.institution_id AND i.id = b.issuer_id
    WHERE m.institution_id = $1 AND m.problem <> '' AND (cardinality($2) = 0 OR i.key = ANY ($2))
)
SELECT count(*), count(*) FILTER (WHERE c.synced_at > now() - interval '1 hour'),
       count(*) FILTER (WHERE c.sync_failed_at IS NOT NULL OR c.id IN (SELECT context_id FROM broken))
FROM context c
WHERE c.institution_id = $1
  AND (cardinality($2) = 0 OR c.id IN (
      SELECT m.context_id FROM badge_course m
      JOIN badge b ON b.institution_id = m.institution_id AND b.id = m.badge_id
      JOIN issuer i ON i.institution_id = b.institution_id AND i.id = b.issuer_id
      WHERE m.institution_id = $1 AND i.key = ANY ($2)))
