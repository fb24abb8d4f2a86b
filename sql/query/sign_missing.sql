-- -> added int8
SELECT sign_missing()
