-- Awards that their learners put into wallets (OpenID for Verifiable Credential Issuance 1.0, pre-authorized code).

-- One offer of one award, for ten minutes. What its link ends in, its code and its digits are derived from `id` under the
-- master key, so whoever reads this table alone can use none of them.
CREATE TABLE wallet_offer (
    id uuid PRIMARY KEY,
    institution_id bigint NOT NULL,
    award_id bigint NOT NULL,
    person_id bigint NOT NULL,
    key_hash bytea NOT NULL UNIQUE,    -- of what its address ends in
    code_hash bytea NOT NULL UNIQUE,
    digits_mac bytea NOT NULL,         -- of the transaction code; empty: none is asked for
    tries integer NOT NULL DEFAULT 0,  -- at the transaction code
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,               -- the code is gone; there is a token instead
    token_hash bytea UNIQUE,
    token_until timestamptz,
    delivered_at timestamptz           -- a wallet has the award
);
-- A new offer takes the place of the one that was open.
CREATE UNIQUE INDEX wallet_offer_open ON wallet_offer (institution_id, award_id) WHERE used_at IS NULL;
CREATE INDEX wallet_offer_award ON wallet_offer (institution_id, award_id, created_at);
CREATE INDEX wallet_offer_created ON wallet_offer (created_at);

-- Nonces of key proofs and transaction ids that were used; both carry their own MAC, so those that were not are nowhere.
CREATE TABLE wallet_used (
    digest bytea PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX wallet_used_expires ON wallet_used (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON wallet_offer, wallet_used TO laurel_app;
