-- -> nothing text
SELECT oauth_purge()
