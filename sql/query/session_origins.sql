-- launch text -> issuer text, auth_url text, token_url text, return_url text
SELECT issuer, auth_url, token_url, return_url FROM session_origins($1::uuid)
