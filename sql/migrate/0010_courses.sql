-- What people see of syncing: what a rule's titles mean in a course, and the list of courses.

-- Which item each title of the badge's rule was found to mean first, in the form of item_map. What is renamed
-- later stays what it was; a later namesake is another thing.
ALTER TABLE badge_course ADD COLUMN bound jsonb NOT NULL DEFAULT '[]';

-- How fresh each course's grades are, and what its next reading waits for. The rights of who asks: rows of one
-- institution only.
CREATE VIEW course_fresh WITH (security_invoker = true) AS
SELECT c.institution_id, c.id AS context_id, coalesce(g.kind, '') AS source_kind, c.synced_at, c.sync_requested_at,
       c.sync_failed_at, coalesce(c.sync_error, '') AS sync_error, c.next_read_at, c.is_over,
       EXISTS (SELECT FROM job j WHERE j.kind = 'sync' AND j.dedupe = 'sync:' || c.id AND j.state = 'leased'
               AND j.lease_until > now()) AS is_reading,
       EXISTS (SELECT FROM job j WHERE j.kind = 'sync' AND j.dedupe = 'sync:' || c.id AND j.state = 'waiting'
               AND j.run_at <= now())
           -- A launch has asked; the scheduler comes by every few seconds.
           OR (c.sync_requested_at > greatest(c.sync_started_at, now() - interval '30 seconds') AND g.kind <> 'csv'
               AND EXISTS (SELECT FROM badge_course b WHERE b.institution_id = c.institution_id AND b.context_id = c.id))
           AS is_queued,
       -- After a reading that broke off, or while its host is left in peace.
       greatest((SELECT j.run_at FROM job j WHERE j.kind = 'sync' AND j.dedupe = 'sync:' || c.id
                 AND j.state = 'waiting' AND j.run_at > now()),
                (SELECT h.open_until FROM source_host h WHERE h.open_until > now()
                 AND h.lane = source_lane(g.kind, g.base_url, c.lineitems_url, r.token_url))) AS waits_until
FROM context c
JOIN deployment d ON d.id = c.deployment_id
JOIN registration r ON r.id = d.registration_id
LEFT JOIN grade_source g ON g.institution_id = c.institution_id AND g.deployment_id = c.deployment_id;
GRANT SELECT ON course_fresh TO laurel_app;

-- The list of courses, those with problems first, each part in the order of titles.
ALTER TABLE context ADD COLUMN sort_title text GENERATED ALWAYS AS
    (left(lower(coalesce(nullif(title, ''), nullif(label, ''), context_id::text COLLATE "default")), 100)) STORED;
CREATE UNIQUE INDEX context_public ON context (institution_id, public_id);
CREATE INDEX context_fine ON context (institution_id, sort_title, id) WHERE sync_failed_at IS NULL;
CREATE INDEX context_failed ON context (institution_id, sort_title, id) WHERE sync_failed_at IS NOT NULL;
CREATE INDEX badge_course_problem ON badge_course (institution_id, context_id) WHERE problem <> '';
