-- institution int8, issuer int8 -> public_id text, name text, description text
-- What is in use: a badge that is still being thought about is nobody's business.
SELECT b.public_id, b.name, coalesce(b.definition->>'description', '')
FROM badge b
WHERE b.institution_id = $1 AND b.issuer_id = $2
  AND (EXISTS (SELECT FROM badge_course m WHERE m.institution_id = b.institution_id AND m.badge_id = b.id)
       OR EXISTS (SELECT FROM award a WHERE a.institution_id = b.institution_id AND a.badge_id = b.id
                  AND a.issued_at IS NOT NULL))
ORDER BY lower(b.name), b.id
LIMIT 500
