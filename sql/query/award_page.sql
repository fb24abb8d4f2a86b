-- public_id text -> state int8, issued_at int8, revoked_at int8, expires_at int8, is_signed bool, learner text, reasons text, evidence text, badge_public_id text, definition text, rule text, asked_badges text, issuer_public_id text, issuer_name text, key_public_id text, public_jwk text, time_zone text
SELECT state, issued_at, revoked_at, expires_at, is_signed, learner, reasons, evidence, badge_public_id, definition, rule, asked_badges, issuer_public_id, issuer_name, key_public_id, public_jwk, time_zone
FROM award_page($1::uuid)
