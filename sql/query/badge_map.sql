-- institution int8, badge int8, courses int8[], item_maps text[] -> course_id int8, is_added bool
-- A course without a map of its own in the file (NULL) keeps the one it has.
WITH input AS (
    SELECT t.course, t.item_map::jsonb AS item_map FROM unnest($3, $4) AS t (course, item_map)
), gone AS (
    DELETE FROM badge_course WHERE institution_id = $1 AND badge_id = $2 AND NOT context_id = ANY ($3)
    RETURNING context_id
), added AS (
    INSERT INTO badge_course AS b (institution_id, badge_id, context_id, item_map)
    SELECT $1, $2, course, coalesce(item_map, '[]') FROM input
    ON CONFLICT (institution_id, badge_id, context_id) DO UPDATE
    SET item_map = (SELECT i.item_map FROM input i WHERE i.course = b.context_id)
    WHERE (SELECT i.item_map FROM input i WHERE i.course = b.context_id) IS NOT NULL
      AND b.item_map IS DISTINCT FROM (SELECT i.item_map FROM input i WHERE i.course = b.context_id)
    RETURNING context_id
)
SELECT context_id, false FROM gone UNION ALL SELECT context_id, true FROM added
