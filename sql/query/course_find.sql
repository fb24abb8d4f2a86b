-- context text -> institution_id int8, id int8
SELECT institution_id, id FROM course_find($1)
