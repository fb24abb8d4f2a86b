/* Offers of awards to wallets, and what wallets use up on the way (credential_wallet.h, OpenID4VCI
 * 1.0). Links, codes and digits are derived from an offer's id under the master key; the database
 * holds hashes. Nonces and transaction ids carry their own MAC, and leave a row when they are used.
 */
#pragma once
#include "store.h"

#define STORE_WALLET_OFFER_S 600  /* an offer, from when it was made */
#define STORE_WALLET_TOKEN_S 3600 /* an access token, from when the code was used */
#define STORE_WALLET_NONCE_S 300
#define STORE_WALLET_TRIES 5 /* wrong transaction codes, and an offer is over */

/* All texts live in the arena. */
struct store_wallet_offer {
    struct sv id;     /* empty: there is no offer */
    struct sv key;    /* secret: what its address ends in */
    struct sv code;   /* secret: the pre-authorized code */
    struct sv digits; /* secret: the transaction code; empty: none is asked for */
    int64_t tries;
    usec_t expires_at, used_at, delivered_at; /* 0: not yet */
    bool is_over; /* neither the offer nor its token is good any more, by the clock */
};

struct store_wallet_award {
    int64_t institution_id, award_id;
    int64_t person_id; /* the learner */
};
/* Offers an award to its learner's wallet; an open offer of it is worth nothing any more. Fails:
 * ERR_CONFLICT "award" unless it is issued to that person and neither suspended nor expired. */
NODISCARD bool store_wallet_offer_make(struct store *store, const struct store_wallet_award *award,
                                       bool asks_digits, usec_t now, struct err *err);
/* The latest offer of an award, good or not. */
NODISCARD bool store_wallet_offer_last(struct store *store, const struct store_wallet_award *award,
                                       struct arena *a, struct store_wallet_offer *out,
                                       struct err *err);
/* The open offer behind an address (id, code and digits are filled in). Fails: ERR_NOT_FOUND
 * "offer". */
NODISCARD bool store_wallet_offer_find(struct store *store, struct sv key, struct arena *a,
                                       struct store_wallet_offer *out, struct err *err);

/* A code, with the digits if there are any, becomes an access token, once. Texts as they came.
 * Fails: ERR_INPUT with the reasons of RFC 6749 5.2: "invalid_grant", "invalid_request" (digits are
 * missing, or not asked for). */
NODISCARD bool store_wallet_take(struct store *store, struct sv code, struct sv digits,
                                 struct arena *a, struct sv *token, struct err *err);

/* What a token stands for. Fails: ERR_DENIED "invalid_token". */
struct store_wallet_grant {
    struct sv offer_id;
    struct store_wallet_award award;
};
NODISCARD bool store_wallet_token(struct store *store, struct sv token, struct arena *a,
                                  struct store_wallet_grant *out, struct err *err);

/* Whether the award may be handed out, as of now. */
enum store_wallet_state {
    STORE_WALLET_GONE,   /* revoked, suspended, expired, or no award of that person */
    STORE_WALLET_STUCK,  /* cannot be signed until its school mends something */
    STORE_WALLET_WAITS,  /* is signed in a moment */
    STORE_WALLET_IS_GOOD /* has a credential */
};
NODISCARD bool store_wallet_state(struct store *store, const struct store_wallet_award *award,
                                  enum store_wallet_state *out, struct err *err);

/* A nonce for a key proof. Nothing is stored. */
struct sv store_wallet_nonce(struct store *store, usec_t now, struct arena *a);
/* Fails: ERR_INPUT "invalid_nonce" when it is none of ours, older than STORE_WALLET_NONCE_S, or
 * used before; then it is used up. */
NODISCARD bool store_wallet_nonce_use(struct store *store, struct sv nonce, usec_t now,
                                      struct err *err);

/* A request that is answered later: what it asked for, sealed, for that offer's token only. */
struct store_wallet_wait {
    int64_t form; /* enum credential_wallet_form */
    bool is_draft_13;
    struct sv did;
};
NODISCARD bool store_wallet_wait_seal(struct store *store, const struct store_wallet_grant *grant,
                                      const struct store_wallet_wait *wait, struct arena *a,
                                      struct sv *transaction_id, struct err *err);
/* Fails: ERR_INPUT "invalid_transaction_id". */
NODISCARD bool store_wallet_wait_open(struct store *store, const struct store_wallet_grant *grant,
                                      struct sv transaction_id, struct arena *a,
                                      struct store_wallet_wait *out, struct err *err);

/* A wallet gets the award: noted, and written to the audit. transaction_id, unless it is empty, is
 * used up. Fails: ERR_INPUT "invalid_transaction_id" when it was used before. */
NODISCARD bool store_wallet_delivered(struct store *store, const struct store_wallet_grant *grant,
                                      struct sv transaction_id, struct err *err);
