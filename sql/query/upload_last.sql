-- institution int8, course int8 -> at int8, who text
SELECT usec(c.uploaded_at), coalesce(p.name, '')
FROM context c LEFT JOIN person p ON p.institution_id = c.institution_id AND p.id = c.uploaded_by
WHERE c.institution_id = $1 AND c.id = $2 AND c.uploaded_at IS NOT NULL
