-- institution int8 ->
DELETE FROM reconciliation r
WHERE r.institution_id = $1
  AND NOT EXISTS (SELECT FROM badge_course b WHERE b.institution_id = $1 AND b.context_id = r.context_id
                  AND b.badge_id = r.badge_id)
