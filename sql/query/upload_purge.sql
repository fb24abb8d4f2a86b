-- -> nothing text
SELECT upload_purge()
