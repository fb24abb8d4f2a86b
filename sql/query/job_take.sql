-- lease_s int8 -> id int8, institution_id int8, kind text, payload text, attempts int8, priority int8, lane text, held int8
SELECT id, institution_id, kind, payload, attempts, priority, lane, held FROM job_take($1)
