-- institution int8, badges int8[], people int8[] ->
WITH changed AS (
    SELECT DISTINCT b.key, c.person_id
    FROM unnest($2, $3) AS c (badge_id, person_id)
    JOIN badge b ON b.institution_id = $1 AND b.id = c.badge_id
), asking AS ( -- courses with a badge whose rule asks for one of these, and the person in them
    SELECT DISTINCT m.context_id, c.person_id
    FROM changed c
    JOIN badge d ON d.institution_id = $1
    JOIN rule_version v ON v.institution_id = $1 AND v.badge_id = d.id AND v.version = d.rule_version
        AND jsonb_path_exists(v.rule, '$.**.badge ? (@ == $k)', jsonb_build_object('k', c.key))
    JOIN badge_course m ON m.institution_id = $1 AND m.badge_id = d.id
    JOIN membership s ON s.institution_id = $1 AND s.context_id = m.context_id AND s.person_id = c.person_id
)
INSERT INTO job (institution_id, kind, dedupe, payload, priority)
SELECT $1, 'judge', 'judge:after:' || gen_random_uuid(),
       jsonb_build_object('course', context_id, 'people', jsonb_agg(person_id)), 20
FROM asking
GROUP BY context_id
