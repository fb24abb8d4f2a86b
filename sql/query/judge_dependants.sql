-- institution int8, badges int8[], people int8[] ->
-- The rules first, each once: few ask for a badge, and those who got one are many.
WITH key AS MATERIALIZED (
    SELECT id, key FROM badge WHERE institution_id = $1 AND id IN (SELECT unnest($2))
), asking AS MATERIALIZED ( -- courses with a badge whose rule asks for one of these
    SELECT DISTINCT m.context_id, k.id AS badge_id
    FROM badge d
    JOIN rule_version v ON v.institution_id = $1 AND v.badge_id = d.id AND v.version = d.rule_version
    JOIN key k ON jsonb_path_exists(v.rule, '$.**.badge ? (@ == $k)', jsonb_build_object('k', k.key))
    JOIN badge_course m ON m.institution_id = $1 AND m.badge_id = d.id
    WHERE d.institution_id = $1
), concerned AS ( -- and who of them is in it
    SELECT DISTINCT a.context_id, c.person_id
    FROM asking a
    JOIN unnest($2, $3) AS c (badge_id, person_id) ON c.badge_id = a.badge_id
    CROSS JOIN LATERAL (SELECT FROM membership WHERE institution_id = $1 AND context_id = a.context_id
                        AND person_id = c.person_id LIMIT 1) s
)
INSERT INTO job (institution_id, kind, dedupe, payload, priority)
SELECT $1, 'judge', 'judge:after:' || gen_random_uuid(),
       jsonb_build_object('course', context_id, 'people', jsonb_agg(person_id)), 20
FROM concerned
GROUP BY context_id
