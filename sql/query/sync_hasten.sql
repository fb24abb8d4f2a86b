-- ->
-- Readings that only wait so that they do not follow each other too closely, or read a few people until they may.
UPDATE job SET run_at = least(run_at, now()), payload = payload - 'until'
WHERE kind = 'sync' AND state = 'waiting' AND (run_at > now() OR payload ? 'until')
