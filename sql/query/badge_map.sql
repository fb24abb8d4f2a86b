-- institution int8, badge int8, courses int8[] -> course_id int8, is_added bool
WITH gone AS (
    DELETE FROM badge_course WHERE institution_id = $1 AND badge_id = $2 AND NOT context_id = ANY ($3)
    RETURNING context_id
), added AS (
    INSERT INTO badge_course (institution_id, badge_id, context_id)
    SELECT $1, $2, c FROM unnest($3) AS c
    ON CONFLICT DO NOTHING
    RETURNING context_id
)
SELECT context_id, false FROM gone UNION ALL SELECT context_id, true FROM added
