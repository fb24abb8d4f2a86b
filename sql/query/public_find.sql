-- public_id text -> kind int8, institution_id int8, id int8
SELECT kind, institution_id, id FROM public_find($1::uuid)
