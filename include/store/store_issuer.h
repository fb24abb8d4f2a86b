/* Issuers and the keys that sign their credentials. Private halves are PEM, sealed under the master
 * key, purpose "issuer-key", bound to issuer and key. A key is never deleted: whatever it signed is
 * checked with it for ever. */
#pragma once
#include "model_badge.h"
#include "store.h"

/* Fails: ERR_NOT_FOUND "issuer". */
NODISCARD bool store_issuer_get(struct store *store, int64_t institution_id, int64_t issuer_id,
                                struct arena *a, struct model_issuer *out, struct err *err);
/* For the operator: by key, in the named institution (empty: in the only one that has it). Fails:
 * ERR_NOT_FOUND "issuer"; ERR_INPUT "issuer" naming the institutions when several have it. */
NODISCARD bool store_issuer_find(struct store *store, struct sv key, struct sv institution,
                                 struct arena *a, int64_t *institution_id, int64_t *issuer_id,
                                 struct err *err);

struct store_issuer_key {
    int64_t institution_id, id, issuer_id;
    struct sv public_id;  /* UUID: of its address and of its name in the DID document */
    struct sv alg;        /* "EdDSA" makes proofs; "RS256" or "ES256" makes tokens */
    struct sv public_jwk; /* JSON without kid */
    usec_t created_at;
    usec_t retired_at; /* 0: it signs */
    /* Of store_issuer_key_all only: */
    struct sv issuer_public_id, issuer_key, institution;
};

/* All of an issuer, newest first. */
NODISCARD bool store_issuer_key_list(struct store *store, int64_t institution_id, int64_t issuer_id,
                                     struct arena *a, struct store_issuer_key **out, size_t *count,
                                     struct err *err);
/* One. Fails: ERR_NOT_FOUND "key". */
NODISCARD bool store_issuer_key_get(struct store *store, int64_t institution_id, int64_t key_id,
                                    struct arena *a, struct store_issuer_key *out, struct err *err);
/* All of all institutions, by institution and issuer, newest first; at most 10,000. */
NODISCARD bool store_issuer_key_all(struct store *store, struct arena *a,
                                    struct store_issuer_key **out, size_t *count, struct err *err);
/* The private half. Fails: ERR_DENIED "seal". */
NODISCARD bool store_issuer_key_pem(struct store *store, const struct store_issuer_key *key,
                                    struct arena *a, struct sv *pem, struct err *err);

struct store_issuer_key_new {
    int64_t institution_id, issuer_id;
    struct sv public_id, alg, public_jwk, pem;
    bool is_first; /* only when the issuer has none for that use (proofs, tokens) */
};
/* Add one; the one that did its work until now retires, with an audit line. *is_made false:
 * is_first and there was one. */
NODISCARD bool store_issuer_key_add(struct store *store, const struct store_issuer_key_new *key,
                                    bool *is_made, struct err *err);
