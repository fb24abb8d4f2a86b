-- -> nothing text
SELECT reading_page_purge()
