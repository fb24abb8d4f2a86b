-- institution int8, course int8, source_at int8 -> started_at int8, count int8, bytes int8
-- What a reading that broke off was answered; nothing, and it is forgotten, when that is old, or not this source's, or a
-- later reading is saved.
WITH kept AS (
    SELECT min(p.started_at) AS started_at, count(*) AS n, sum(octet_length(p.reply)) AS bytes
    FROM reading_page p
    JOIN context c ON c.institution_id = p.institution_id AND c.id = p.context_id
    WHERE p.institution_id = $1 AND p.context_id = $2
    HAVING count(*) > 0 AND max(p.kept_at) > now() - interval '30 minutes' AND min(p.started_at) > now() - interval '3 hours'
       AND min(p.started_at) = max(p.started_at) AND min(p.started_at) > coalesce(min(c.synced_at), '-infinity')
       AND min(usec(p.source_at)) = $3 AND max(usec(p.source_at)) = $3
), forgotten AS (
    DELETE FROM reading_page WHERE institution_id = $1 AND context_id = $2 AND NOT EXISTS (SELECT FROM kept)
)
SELECT usec(started_at), n, bytes::bigint FROM kept
