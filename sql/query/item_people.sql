-- institution int8, course int8, items int8[] -> item_id int8, scored int8, completed int8
SELECT item_id, count(*) FILTER (WHERE score IS NOT NULL OR letter <> ''), count(*) FILTER (WHERE completion IN (2, 3))
FROM fact
WHERE institution_id = $1 AND context_id = $2 AND item_id = ANY ($3)
GROUP BY item_id
