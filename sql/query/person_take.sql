-- institution int8, registration int8, sub text -> id int8
INSERT INTO person (institution_id, registration_id, sub) VALUES ($1, $2, $3)
ON CONFLICT (institution_id, registration_id, sub) DO UPDATE SET sub = excluded.sub
RETURNING id
