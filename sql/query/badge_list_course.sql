-- institution int8, course int8 -> id int8, issuer_id int8, public_id text, key text, name text, definition text, rule_version int8, rule text, issuer_key text, issuer_name text, problem text, item_map text, bound text
SELECT b.id, b.issuer_id, b.public_id, b.key, b.name, b.definition, b.rule_version, v.rule, i.key, i.name, coalesce(m.problem, ''), m.item_map, m.bound
FROM badge_course m
JOIN badge b ON b.institution_id = m.institution_id AND b.id = m.badge_id
JOIN rule_version v ON v.institution_id = b.institution_id AND v.badge_id = b.id AND v.version = b.rule_version
JOIN issuer i ON i.institution_id = b.institution_id AND i.id = b.issuer_id
WHERE m.institution_id = $1 AND m.context_id = $2
ORDER BY lower(b.name), b.id
LIMIT 1000
