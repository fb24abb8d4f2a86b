-- institution int8, issuer_keys text[], search text, show text, after_rank int8, after text -> rank int8, id int8, public_id text, title text, context_id text, issuer text, deployment_id text, source_kind text, synced_at int8, requested_at int8, failed_at int8, error text, next_read_at int8, is_over bool, is_reading bool, is_queued bool, waits_until int8, learners int8, badges int8, broken int8, problems text[], missing int8, excess int8, unjudged int8, reconciled_at int8, gaps text
-- One page of an institution's courses: rank 0, those with problems, then rank 1, each by title. No issuer keys: all
-- courses; else those with badges of these issuers. `after`: the last course of the page before, and its rank. Each
-- part stops at the page's size, on its index, whatever there is behind it.
WITH badges AS (
    SELECT b.id, b.name FROM badge b JOIN issuer i ON i.institution_id = b.institution_id AND i.id = b.issuer_id
    WHERE b.institution_id = $1 AND (cardinality($2) = 0 OR i.key = ANY ($2))
), broken AS MATERIALIZED (
    SELECT DISTINCT m.context_id FROM badge_course m
    WHERE m.institution_id = $1 AND m.problem <> '' AND m.badge_id IN (SELECT id FROM badges)
), last AS (
    SELECT sort_title, id FROM context WHERE institution_id = $1 AND public_id = $6::uuid
), failed_part AS (
    SELECT 0 AS rank, c.sort_title, c.id FROM context c
    WHERE c.institution_id = $1 AND c.sync_failed_at IS NOT NULL AND $5 = 0
      AND (c.sort_title, c.id) > (coalesce((SELECT sort_title FROM last), ''), coalesce((SELECT id FROM last), 0))
      AND strpos(c.sort_title, lower($3)) > 0 AND ($4 <> 'unread' OR c.synced_at IS NULL)
      AND (cardinality($2) = 0 OR EXISTS (SELECT FROM badge_course m WHERE m.institution_id = $1 AND m.context_id = c.id
                                          AND m.badge_id IN (SELECT id FROM badges)))
    ORDER BY c.sort_title, c.id LIMIT 51
), broken_part AS (
    SELECT 0 AS rank, c.sort_title, c.id FROM broken JOIN context c ON c.institution_id = $1 AND c.id = broken.context_id
    WHERE c.sync_failed_at IS NULL AND $5 = 0
      AND (c.sort_title, c.id) > (coalesce((SELECT sort_title FROM last), ''), coalesce((SELECT id FROM last), 0))
      AND strpos(c.sort_title, lower($3)) > 0 AND ($4 <> 'unread' OR c.synced_at IS NULL)
    ORDER BY c.sort_title, c.id LIMIT 51
), fine_part AS (
    SELECT 1 AS rank, c.sort_title, c.id FROM context c
    WHERE c.institution_id = $1 AND c.sync_failed_at IS NULL AND $4 <> 'problems'
      AND (c.sort_title, c.id) > (CASE WHEN $5 = 1 THEN coalesce((SELECT sort_title FROM last), '') ELSE '' END,
                                  CASE WHEN $5 = 1 THEN coalesce((SELECT id FROM last), 0) ELSE 0 END)
      AND strpos(c.sort_title, lower($3)) > 0 AND ($4 <> 'unread' OR c.synced_at IS NULL)
      AND (cardinality($2) = 0 OR EXISTS (SELECT FROM badge_course m WHERE m.institution_id = $1 AND m.context_id = c.id
                                          AND m.badge_id IN (SELECT id FROM badges)))
      AND NOT c.id IN (SELECT context_id FROM broken)
    ORDER BY c.sort_title, c.id LIMIT 51
), page AS MATERIALIZED (
    SELECT * FROM (TABLE failed_part UNION ALL TABLE broken_part UNION ALL TABLE fine_part) AS all_parts
    ORDER BY rank, sort_title, id LIMIT 51
)
SELECT page.rank, c.id, c.public_id, coalesce(nullif(c.title, ''), nullif(c.label, ''), ''), c.context_id, r.issuer,
       d.deployment_id, f.source_kind, usec(f.synced_at), usec(f.sync_requested_at), usec(f.sync_failed_at), f.sync_error,
       usec(f.next_read_at), f.is_over, f.is_reading, coalesce(f.is_queued, false), usec(f.waits_until),
       (SELECT count(*) FROM membership m
        WHERE m.institution_id = $1 AND m.context_id = c.id AND m.is_active AND NOT m.is_test_user
          AND CASE WHEN m.listed_at IS NULL THEN m.is_learner ELSE m.is_listed_learner END
          AND NOT (m.launched_at IS NOT NULL AND m.is_teacher AND NOT m.is_learner)),
       mapped.badges, mapped.broken, array_to_json(mapped.problems[:5]), seen.missing, seen.excess, seen.unjudged, usec(seen.at),
       c.source_gaps
FROM page
JOIN context c ON c.institution_id = $1 AND c.id = page.id
JOIN course_fresh f ON f.institution_id = $1 AND f.context_id = page.id
JOIN deployment d ON d.id = c.deployment_id
JOIN registration r ON r.id = d.registration_id
CROSS JOIN LATERAL (
    SELECT count(*) AS badges, count(*) FILTER (WHERE m.problem <> '') AS broken,
           coalesce(array_agg(b.name || ': ' || m.problem ORDER BY b.name) FILTER (WHERE m.problem <> ''), '{}') AS problems
    FROM badge_course m JOIN badges b ON b.id = m.badge_id
    WHERE m.institution_id = $1 AND m.context_id = c.id) AS mapped
CROSS JOIN LATERAL (
    SELECT coalesce(sum(n.earned_not_awarded), 0)::bigint AS missing, coalesce(sum(n.awarded_not_earned), 0)::bigint AS excess,
           coalesce(sum(n.unreachable), 0)::bigint AS unjudged, min(n.at) AS at
    FROM reconciliation n
    WHERE n.institution_id = $1 AND n.context_id = c.id AND n.badge_id IN (SELECT id FROM badges)) AS seen
ORDER BY page.rank, page.sort_title, page.id
