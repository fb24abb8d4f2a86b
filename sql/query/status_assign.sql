-- institution int8, issuer int8, awards int8[], places int8[] -> nothing text
SELECT status_assign($1, $2, $3, $4)
