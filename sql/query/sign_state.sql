-- -> waiting int8, refused int8, public_id text, problem text
SELECT waiting, refused, public_id, problem FROM sign_state()
