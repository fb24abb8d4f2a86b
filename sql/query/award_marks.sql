-- public_ids text[] -> public_id text, mark text
SELECT public_id, mark FROM award_marks($1::uuid[])
