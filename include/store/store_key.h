/* Laurel's own signing keys (directory table tool_key): public halves as JWK text, private halves
 * as PEM sealed under the master key, purpose "tool-key", bound to their kid.
 *
 * A key is of one registration, or common to those without a key of their own. Of each group the
 * newest one whose time has come signs, and no other; each is published from the moment it is made
 * until 14 days after its successor began to sign: the longest a platform may cache a key set
 * (Canvas keeps them for days; reference lti.md 3.4). */
#pragma once
#include "store.h"

#define STORE_KEY_OVERLAP_DAYS 14

struct store_key {
    struct sv kid;
    struct sv public_jwk;   /* JSON */
    struct sv registration; /* slug; empty: common */
    usec_t created_at;
    usec_t signs_from;      /* may be to come */
    usec_t signs_until;     /* its successor signs from then; 0: there is none */
    usec_t published_until; /* 0: no end in sight */
};

/* Those published, the common ones first, then by registration, newest first; at most 2,000.
 * `slug` names one registration: its keys and the common ones, which are all there is when it has
 * none or does not exist (yet); empty: everybody's. */
NODISCARD bool store_key_list(struct store *store, struct sv slug, struct arena *a,
                              struct store_key **out, size_t *count, struct err *err);
/* The PEM of the key that signs for a registration: its own, else the common one. Fails:
 * ERR_NOT_FOUND "key" with what to do; ERR_DENIED "seal". */
NODISCARD bool store_key_current(struct store *store, int64_t registration_id, struct arena *a,
                                 struct store_key *out, struct sv *pem, struct err *err);

struct store_key_new {
    struct sv kid, public_jwk, pem;
    int64_t registration_id; /* 0: common */
    usec_t signs_from;       /* 0: now */
    bool is_emergency;       /* its older ones are taken back: those that never signed at once, the
                                others in 10 minutes, when all they signed has run out */
};
NODISCARD bool store_key_add(struct store *store, const struct store_key_new *key, struct err *err);
