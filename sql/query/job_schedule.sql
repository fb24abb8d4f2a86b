-- -> added int8
SELECT sync_schedule()
