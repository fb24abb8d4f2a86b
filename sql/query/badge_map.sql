-- institution int8, badge int8, courses int8[], item_maps text[] -> course_id int8, is_added bool
-- A course of which the file says no map (NULL) keeps the one it has.
WITH input AS (
    SELECT DISTINCT ON (t.course) t.course, coalesce(t.item_map::jsonb, b.item_map, '[]') AS item_map
    FROM unnest($3, $4) AS t (course, item_map)
    LEFT JOIN badge_course b ON b.institution_id = $1 AND b.badge_id = $2 AND b.context_id = t.course
), gone AS (
    DELETE FROM badge_course WHERE institution_id = $1 AND badge_id = $2 AND NOT context_id = ANY ($3)
    RETURNING context_id
), added AS (
    INSERT INTO badge_course AS b (institution_id, badge_id, context_id, item_map)
    SELECT $1, $2, course, item_map FROM input
    ON CONFLICT (institution_id, badge_id, context_id) DO UPDATE SET item_map = excluded.item_map
    WHERE b.item_map IS DISTINCT FROM excluded.item_map
    RETURNING context_id
)
SELECT context_id, false FROM gone UNION ALL SELECT context_id, true FROM added
