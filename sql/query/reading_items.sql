-- institution int8, course int8, kinds int8[], sources text[], refs text[], titles text[], maxima text[], pass_marks text[], completions bool[], due timestamptz[], keeps bool -> n int8, id int8, is_changed bool, is_back bool
WITH input AS (
    SELECT DISTINCT ON (source, kind, ref) n, kind::smallint AS kind, source, ref, title, maximum::numeric AS maximum,
           pass_mark::numeric AS pass_mark, has_completion, due_at
    FROM unnest($3, $4, $5, $6, $7, $8, $9, $10)
        WITH ORDINALITY AS t (kind, source, ref, title, maximum, pass_mark, has_completion, due_at, n)
    ORDER BY source, kind, ref, n
), known AS (
    SELECT n.*, i.id, i.gone_at,
           i.id IS NULL OR i.gone_at IS NOT NULL
               OR (i.title, i.maximum, i.pass_mark, i.has_completion, i.due_at) IS DISTINCT FROM
                  (n.title, n.maximum, n.pass_mark, n.has_completion, n.due_at) AS is_news
    FROM (
        SELECT input.n, input.kind, input.source, input.ref, input.title, input.due_at,
               input.has_completion OR coalesce(o.has_completion, false) AS has_completion,
               coalesce(input.maximum, o.maximum) AS maximum, coalesce(input.pass_mark, o.pass_mark) AS pass_mark
        FROM input
        LEFT JOIN item o ON $11 AND o.institution_id = $1 AND o.context_id = $2 AND o.source = input.source
            AND o.kind = input.kind AND o.ref = input.ref
    ) n
    LEFT JOIN item i ON i.institution_id = $1 AND i.context_id = $2 AND i.source = n.source AND i.kind = n.kind
        AND i.ref = n.ref
), saved AS (
    INSERT INTO item AS i (institution_id, context_id, kind, source, ref, title, maximum, pass_mark, has_completion,
                           due_at)
    SELECT $1, $2, kind, source, ref, title, maximum, pass_mark, has_completion, due_at FROM known WHERE is_news
    ON CONFLICT (institution_id, context_id, source, kind, ref) DO UPDATE
    SET title = excluded.title, maximum = excluded.maximum, pass_mark = excluded.pass_mark,
        has_completion = excluded.has_completion, due_at = excluded.due_at, gone_at = NULL
    RETURNING id, source, kind, ref
)
SELECT k.n, coalesce(s.id, k.id), k.is_news, k.gone_at IS NOT NULL
FROM known k
LEFT JOIN saved s USING (source, kind, ref)
ORDER BY k.n
