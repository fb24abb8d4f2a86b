-- institution int8, course int8, ids int8[] -> person_id int8, item_id int8, score text, maximum text, letter text, is_posted bool, is_excused bool, completion int8, submitted_at int8, graded_at int8, completed_at int8
SELECT person_id, item_id, score, maximum, letter, is_posted, is_excused, completion, usec(submitted_at),
       usec(graded_at), usec(completed_at)
FROM fact
-- A range besides the list, and the list hashed: by whatever plan, also one made while the table was small, each lot of people
-- looks at no row twice.
WHERE institution_id = $1 AND context_id = $2
  AND person_id BETWEEN (SELECT coalesce(min(id), 0) FROM unnest($3) AS id)
                    AND (SELECT coalesce(max(id), 9223372036854775807) FROM unnest($3) AS id)
  AND ($3::int8[] IS NULL OR person_id IN (SELECT unnest($3)))
ORDER BY person_id, item_id
