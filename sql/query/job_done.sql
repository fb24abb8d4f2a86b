-- id int8 ->
DELETE FROM job WHERE id = $1
