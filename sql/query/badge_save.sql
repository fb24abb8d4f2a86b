-- institution int8, issuer int8, key text, name text, definition text, rule text -> id int8, is_new bool, is_changed bool, is_new_rule bool
WITH old AS (
    SELECT b.id, b.issuer_id, b.name, b.definition, b.rule_version, v.rule
    FROM badge b
    JOIN rule_version v ON v.institution_id = b.institution_id AND v.badge_id = b.id AND v.version = b.rule_version
    WHERE b.institution_id = $1 AND b.key = $3
), saved AS (
    INSERT INTO badge AS b (institution_id, issuer_id, key, name, definition, rule_version)
    VALUES ($1, $2, $3, $4, $5::jsonb, 1)
    ON CONFLICT (institution_id, key) DO UPDATE
    SET issuer_id = excluded.issuer_id, name = excluded.name, definition = excluded.definition, updated_at = now(),
        rule_version = b.rule_version
            + CASE WHEN (SELECT rule FROM old) IS DISTINCT FROM $6::jsonb THEN 1 ELSE 0 END
    WHERE (b.issuer_id, b.name, b.definition) IS DISTINCT FROM (excluded.issuer_id, excluded.name, excluded.definition)
       OR (SELECT rule FROM old) IS DISTINCT FROM $6::jsonb
    RETURNING id, rule_version
), versioned AS (
    INSERT INTO rule_version (institution_id, badge_id, version, rule)
    SELECT $1, s.id, s.rule_version, $6::jsonb FROM saved s
    WHERE NOT EXISTS (SELECT FROM old WHERE old.rule_version = s.rule_version)
    RETURNING badge_id
)
SELECT coalesce(s.id, o.id), o.id IS NULL, s.id IS NOT NULL, EXISTS (SELECT FROM versioned)
FROM (SELECT 1) one LEFT JOIN saved s ON true LEFT JOIN old o ON true
