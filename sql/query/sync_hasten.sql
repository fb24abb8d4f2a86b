-- ->
-- Readings that only wait so that they do not follow each other too closely.
UPDATE job SET run_at = now() WHERE kind = 'sync' AND state = 'waiting' AND run_at > now()
