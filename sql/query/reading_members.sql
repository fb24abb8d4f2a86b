-- institution int8, course int8, people int8[], learners bool[], teachers bool[], actives bool[], is_complete bool -> person_id int8
WITH input AS (
    SELECT DISTINCT ON (person_id) person_id, is_learner, is_teacher, is_active
    FROM unnest($3, $4, $5, $6) AS t (person_id, is_learner, is_teacher, is_active)
    WHERE person_id <> 0
), saved AS (
    INSERT INTO membership AS m (institution_id, context_id, person_id, is_listed_learner, is_listed_teacher,
                                 is_active, listed_at)
    SELECT $1, $2, i.person_id, i.is_learner, i.is_teacher, i.is_active, now()
    FROM input i
    LEFT JOIN membership h ON h.institution_id = $1 AND h.context_id = $2 AND h.person_id = i.person_id
    WHERE h.listed_at IS NULL OR (h.is_listed_learner, h.is_listed_teacher, h.is_active) IS DISTINCT FROM
          (i.is_learner, i.is_teacher, i.is_active)
    ON CONFLICT (institution_id, context_id, person_id) DO UPDATE
    SET is_listed_learner = excluded.is_listed_learner, is_listed_teacher = excluded.is_listed_teacher,
        is_active = excluded.is_active, listed_at = now()
    RETURNING person_id
), left_the_course AS ( -- when they come back, their facts are to be read, whatever their mark was
    UPDATE membership m SET is_active = false, read_mark = '', read_at = NULL
    WHERE $7 AND m.institution_id = $1 AND m.context_id = $2 AND m.is_active AND m.listed_at IS NOT NULL
      AND m.person_id NOT IN (SELECT person_id FROM input) -- hashed, whatever the table is taken to hold
    RETURNING person_id
)
SELECT person_id FROM saved UNION ALL SELECT person_id FROM left_the_course
