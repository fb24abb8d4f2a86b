-- -> waiting int8, due int8, leased int8, parked int8, dead int8
SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'waiting' AND run_at <= now()),
       count(*) FILTER (WHERE state = 'leased'), count(*) FILTER (WHERE state = 'parked'),
       count(*) FILTER (WHERE state = 'dead')
FROM job
