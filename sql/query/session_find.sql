-- launch text, token_hash bytea -> institution_id int8, institution text, time_zone text, registration_id int8, issuer text, auth_url text, person_id int8, person_name text, role int8, is_learner bool, mentees text[], context_id int8, course_title text, synced_at int8, sync_requested_at int8, sync_error text, source_kind text, issuer_keys text[], token_url text, frame_origin text
SELECT institution_id, institution, time_zone, registration_id, issuer, auth_url, person_id, person_name, role,
       is_learner, array_to_json(mentees), context_id, course_title, synced_at, sync_requested_at, sync_error,
       source_kind, array_to_json(issuer_keys), token_url, frame_origin
FROM session_find($1::uuid, $2)
