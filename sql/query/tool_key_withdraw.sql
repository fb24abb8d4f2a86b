-- kid text, registration int8 -> withdrawn int8
WITH unused AS (DELETE FROM tool_key
                WHERE kid <> $1 AND registration_id IS NOT DISTINCT FROM $2 AND signs_from > now()),
     used AS (UPDATE tool_key SET published_until = least(published_until, now() + interval '10 minutes')
              WHERE kid <> $1 AND registration_id IS NOT DISTINCT FROM $2 AND signs_from <= now()
              RETURNING 1)
SELECT count(*) FROM used
