/* Laurel's own signing keys (directory table tool_key): public halves as JWK text, private halves
 * as PEM sealed under the master key, purpose "tool-key", bound to their kid. */
#pragma once
#include "store.h"

struct store_key {
    struct sv kid;
    struct sv public_jwk; /* JSON */
    usec_t created_at;
    usec_t retired_at; /* 0: signs */
};

/* Those still published, newest first. */
NODISCARD bool store_key_list(struct store *store, struct arena *a, struct store_key **out,
                              size_t *count, struct err *err);
/* The PEM of the newest key that signs for a registration: its own, else the common one. Fails:
 * ERR_NOT_FOUND "key" with what to do; ERR_DENIED "seal". */
NODISCARD bool store_key_current(struct store *store, int64_t registration_id, struct arena *a,
                                 struct store_key *out, struct sv *pem, struct err *err);
/* Save a new key. With published_until, all older ones stop signing and stay published until then.
 */
NODISCARD bool store_key_add(struct store *store, struct sv kid, struct sv public_jwk,
                             struct sv pem, usec_t published_until, struct err *err);
