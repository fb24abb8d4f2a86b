-- institution int8, is_by_hand bool, now timestamptz, badges int8[], people int8[], courses int8[], rule_versions int8[], states int8[], reasons text[], notes text[], issued timestamptz[], expires timestamptz[] -> n int8, id int8
WITH input AS ( -- always in this order, so that two who make the same awards wait for each other and never both
    SELECT DISTINCT ON (badge_id, person_id) *
    FROM unnest($4, $5, $6, $7, $8, $9, $10, $11, $12) WITH ORDINALITY
        AS t (badge_id, person_id, context_id, rule_version, state, reasons, note, issued_at, expires_at, n)
    ORDER BY badge_id, person_id, n
), made AS (
    INSERT INTO award (institution_id, badge_id, person_id, context_id, rule_version, state, reasons, note, is_by_hand,
                       is_awarded_by_hand, issued_at, expires_at, created_at)
    SELECT $1, badge_id, person_id, nullif(context_id, 0), rule_version, state, reasons::jsonb, note, $2, $2, issued_at,
           expires_at, $3
    FROM input i
    -- What a person declined or revoked stays so: the worker never awards it again.
    WHERE $2 OR NOT EXISTS (SELECT FROM award a WHERE a.institution_id = $1 AND a.badge_id = i.badge_id
                            AND a.person_id = i.person_id AND a.state IN (1, 4) AND a.is_by_hand)
    ON CONFLICT (institution_id, badge_id, person_id) WHERE state IN (0, 2, 3) DO NOTHING
    RETURNING id, badge_id, person_id
)
SELECT n, id FROM made JOIN input USING (badge_id, person_id) ORDER BY n
