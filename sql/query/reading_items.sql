-- institution int8, course int8, kinds int8[], sources text[], refs text[], titles text[], maxima text[], pass_marks text[], completions bool[] -> n int8, id int8, is_changed bool
WITH input AS (
    SELECT DISTINCT ON (source, kind, ref) n, kind::smallint AS kind, source, ref, title, maximum::numeric AS maximum,
           pass_mark::numeric AS pass_mark, has_completion
    FROM unnest($3, $4, $5, $6, $7, $8, $9)
        WITH ORDINALITY AS t (kind, source, ref, title, maximum, pass_mark, has_completion, n)
    ORDER BY source, kind, ref, n
), saved AS (
    INSERT INTO item AS i (institution_id, context_id, kind, source, ref, title, maximum, pass_mark, has_completion)
    SELECT $1, $2, kind, source, ref, title, maximum, pass_mark, has_completion FROM input
    ON CONFLICT (institution_id, context_id, source, kind, ref) DO UPDATE
    SET title = excluded.title, maximum = excluded.maximum, pass_mark = excluded.pass_mark,
        has_completion = excluded.has_completion, gone_at = NULL
    WHERE (i.title, i.maximum, i.pass_mark, i.has_completion) IS DISTINCT FROM
          (excluded.title, excluded.maximum, excluded.pass_mark, excluded.has_completion) OR i.gone_at IS NOT NULL
    RETURNING id, source, kind, ref
)
SELECT n, coalesce(s.id, i.id), s.id IS NOT NULL
FROM input
LEFT JOIN saved s USING (source, kind, ref)
LEFT JOIN item i ON i.institution_id = $1 AND i.context_id = $2 AND i.source = input.source AND i.kind = input.kind
    AND i.ref = input.ref
ORDER BY n
