-- institution int8, actor int8, actions text[], awards int8[] ->
INSERT INTO audit (institution_id, actor_person_id, action, object)
SELECT $1, $2, action, jsonb_build_object('award', award_id)
FROM unnest($3, $4) WITH ORDINALITY AS t (action, award_id, n)
ORDER BY n
