-- -> nothing text
SELECT time_passes()
