-- institution int8, course int8 -> id int8, kind int8, source text, ref text, title text, maximum text, pass_mark text, has_completion bool, is_gone bool, due_at int8
SELECT id, kind, source, ref, title, maximum, pass_mark, has_completion, gone_at IS NOT NULL, usec(due_at)
FROM item
WHERE institution_id = $1 AND context_id = $2
ORDER BY id
LIMIT 20000
