-- launch text -> issuer text, auth_url text, token_url text, return_url text, frame_origin text
SELECT issuer, auth_url, token_url, return_url, frame_origin FROM session_origins($1::uuid)
