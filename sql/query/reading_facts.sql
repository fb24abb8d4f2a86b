-- institution int8, course int8, source text, people int8[], is_complete bool, person_ids int8[], item_ids int8[], scores text[], maxima text[], letters text[], posted bool[], excused bool[], completions int8[], submitted timestamptz[], graded timestamptz[], completed timestamptz[], kept bool[], untold int8[] -> person_id int8
WITH input AS (
    SELECT DISTINCT ON (person_id, item_id) person_id, item_id, score::numeric AS score, maximum::numeric AS maximum,
           coalesce(letter, '') AS letter, is_posted, is_excused, completion::smallint AS completion, submitted_at,
           graded_at, completed_at, is_kept
    FROM unnest($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) AS t (person_id, item_id, score, maximum, letter,
        is_posted, is_excused, completion, submitted_at, graded_at, completed_at, is_kept)
    ORDER BY person_id, item_id, is_kept
), saved AS (
    INSERT INTO fact AS f (institution_id, context_id, person_id, item_id, score, maximum, letter, is_posted,
                           is_excused, completion, submitted_at, graded_at, completed_at)
    SELECT $1, $2, n.person_id, n.item_id, n.score, n.maximum, n.letter, n.is_posted, n.is_excused, c.completion,
           n.submitted_at, n.graded_at, c.completed_at
    FROM input n
    LEFT JOIN LATERAL ( -- by key, one by one: a plan made while the table was small reads the whole course for each lot
        SELECT * FROM fact WHERE institution_id = $1 AND context_id = $2 AND person_id = n.person_id AND item_id = n.item_id
        LIMIT 1
    ) h ON true
    CROSS JOIN LATERAL ( -- a completion below 0 was not asked for: it stays, and is no reason for a row of its own
        SELECT CASE WHEN n.completion < 0 THEN coalesce(h.completion, 0) ELSE n.completion END AS completion,
               CASE WHEN n.completion < 0 THEN h.completed_at ELSE n.completed_at END AS completed_at
    ) c
    WHERE NOT n.is_kept AND NOT (n.completion < 0 AND h.item_id IS NULL AND n.score IS NULL AND n.submitted_at IS NULL)
      -- an upsert locks, and so writes, the row even where it changes nothing
      AND (h.item_id IS NULL OR (h.score, h.maximum, h.letter, h.is_posted, h.is_excused, h.completion, h.submitted_at,
                                 h.graded_at, h.completed_at) IS DISTINCT FROM
           (n.score, n.maximum, n.letter, n.is_posted, n.is_excused, c.completion, n.submitted_at, n.graded_at,
            c.completed_at))
    ON CONFLICT (institution_id, context_id, person_id, item_id) DO UPDATE
    SET score = excluded.score, maximum = excluded.maximum, letter = excluded.letter,
        is_posted = excluded.is_posted, is_excused = excluded.is_excused, completion = excluded.completion,
        submitted_at = excluded.submitted_at, graded_at = excluded.graded_at, completed_at = excluded.completed_at
    RETURNING person_id
), unsaid AS MATERIALIZED (
    SELECT h.person_id, h.item_id
    FROM unnest($4) AS p (id)
    CROSS JOIN LATERAL (SELECT person_id, item_id FROM fact
                        WHERE institution_id = $1 AND context_id = $2 AND person_id = p.id OFFSET 0) h
    WHERE $5 AND (h.person_id, h.item_id) NOT IN (SELECT person_id, item_id FROM input)
), lost AS MATERIALIZED (
    SELECT u.person_id, u.item_id
    FROM unsaid u JOIN item i ON i.institution_id = $1 AND i.id = u.item_id AND i.source = $3 AND NOT i.kind = ANY ($18)
), gone AS (
    DELETE FROM fact f USING lost l
    WHERE EXISTS (SELECT FROM lost) AND f.institution_id = $1 AND f.context_id = $2 AND f.person_id = l.person_id
      AND f.item_id = l.item_id
    RETURNING f.person_id
)
SELECT person_id FROM saved UNION ALL SELECT person_id FROM gone
