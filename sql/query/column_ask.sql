-- institution int8, course int8, badges int8[] -> badge_id int8
UPDATE badge_course m SET column_asked_at = now()
WHERE m.institution_id = $1 AND m.context_id = $2 AND m.badge_id = ANY ($3) AND m.column_asked_at IS NULL
  AND NOT EXISTS (SELECT FROM line_item l WHERE l.institution_id = $1 AND l.context_id = $2 AND l.badge_id = m.badge_id)
RETURNING m.badge_id
