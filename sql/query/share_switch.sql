-- institution int8, award int8, person int8, shared_at timestamptz -> was_shared bool, is_in_gradebook bool
WITH old AS (
    SELECT id, badge_id, state, shared_at FROM award
    WHERE institution_id = $1 AND id = $2 AND person_id = $3 AND issued_at IS NOT NULL
    FOR NO KEY UPDATE
), saved AS (
    UPDATE award a SET shared_at = CASE WHEN $4::timestamptz IS NULL THEN NULL ELSE coalesce(a.shared_at, $4) END
    FROM old WHERE a.institution_id = $1 AND a.id = old.id
    RETURNING a.id
)
SELECT old.shared_at IS NOT NULL, old.state = 2 AND coalesce((b.definition->>'gradebook')::boolean, false)
FROM old
JOIN saved ON saved.id = old.id
JOIN badge b ON b.institution_id = $1 AND b.id = old.badge_id
