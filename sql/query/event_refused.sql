-- id text, reason text, sentence text ->
UPDATE event_feed SET refused = jsonb_set(refused, ARRAY[$2], jsonb_build_object('text', $3, 'last_at', now()))
WHERE id = $1::uuid
