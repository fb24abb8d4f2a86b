-- institution int8, issuer_keys text[], course text -> id int8
SELECT c.id
FROM context c
WHERE c.institution_id = $1 AND c.public_id = $3::uuid
  AND (cardinality($2) = 0 OR EXISTS (
      SELECT FROM badge_course m
      JOIN badge b ON b.institution_id = m.institution_id AND b.id = m.badge_id
      JOIN issuer i ON i.institution_id = b.institution_id AND i.id = b.issuer_id
      WHERE m.institution_id = $1 AND m.context_id = c.id AND i.key = ANY ($2)))
