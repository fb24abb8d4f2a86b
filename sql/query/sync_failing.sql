-- most int8 -> institution text, title text, error text, failed_at int8, next_read_at int8, count int8
SELECT i.name, f.title, f.error, usec(f.failed_at), usec(f.next_read_at), count(*) OVER ()
FROM sync_failing() f
JOIN institution i ON i.id = f.institution_id
LIMIT $1
