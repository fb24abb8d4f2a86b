-- institution int8, course int8, source text, ids int8[], untold int8[] -> id int8
UPDATE item SET gone_at = now()
WHERE institution_id = $1 AND context_id = $2 AND source = $3 AND gone_at IS NULL AND NOT id = ANY ($4)
  AND NOT kind = ANY ($5)
RETURNING id
