-- state_hash bytea -> taken bool
DELETE FROM oauth_state WHERE state_hash = $1 RETURNING true
