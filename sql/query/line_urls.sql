-- institution int8, course int8 -> url text
SELECT url FROM line_item WHERE institution_id = $1 AND context_id = $2 ORDER BY badge_id
