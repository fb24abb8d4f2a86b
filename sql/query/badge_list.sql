-- institution int8, public_id text -> id int8, issuer_id int8, public_id text, key text, name text, definition text, rule_version int8, rule text, issuer_key text, issuer_name text, problem text, item_map text, bound text
SELECT b.id, b.issuer_id, b.public_id, b.key, b.name, b.definition, b.rule_version, v.rule, i.key, i.name, '', '[]', '[]'
FROM badge b
JOIN rule_version v ON v.institution_id = b.institution_id AND v.badge_id = b.id AND v.version = b.rule_version
JOIN issuer i ON i.institution_id = b.institution_id AND i.id = b.issuer_id
WHERE b.institution_id = $1 AND ($2::text IS NULL OR b.public_id = $2::uuid)
ORDER BY lower(b.name), b.id
LIMIT 10000
