-- -> nothing text
SELECT advantage_purge()
