-- -> added int8
SELECT sync_request_all()
