-- deployment int8, handler text ->
UPDATE deployment SET notices_handler = $2 WHERE id = $1
