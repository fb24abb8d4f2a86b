/* What the files of this room share. */
#pragma once
#include "credential_build.h"
#include "issue.h"
#include "jose_proof_key.h"

/* A private key that was opened. Never freed before the issue is. */
struct issue_key {
    int64_t id;
    struct sv kid;    /* its address */
    struct sv method; /* its name in the issuer's DID document */
    enum jose_proof_alg alg;
    struct jose_proof_key *proof; /* Ed25519, P-256 */
    struct jose_key *rsa;
    struct issue_key *next;
};

/* The two that sign for an issuer now. */
struct issue_pair {
    const struct issue_key *proof, *token;
};

struct issue {
    struct store *store;
    struct sv base_url;
    struct issue_keyring *ring;
};
struct issue_keyring *issue_keyring_create(void);
void issue_keyring_destroy(struct issue_keyring *ring);

/* Made when there are none. */
NODISCARD bool issue_pair_open(struct issue *issue, int64_t institution_id,
                               const struct model_issuer *issuer, struct issue_pair *out,
                               struct err *err);
/* A signed form of an unsigned credential, in `a`; checked again as text before it is given. */
NODISCARD bool issue_sign_json(const struct issue_pair *pair, const json_t *credential, usec_t now,
                               enum store_form form, struct arena *a, struct sv *body,
                               struct err *err);
static inline const struct issue_key *issue_pair_key(const struct issue_pair *pair,
                                                     enum store_form form) {
    return form == STORE_FORM_JSON ? pair->proof : pair->token;
}

/* As issue_ob2_assertion, of an award whose issuer has an e-mail address. */
NODISCARD bool issue_ob2_of(const struct issue *issue, const struct store_credential_source *award,
                            struct arena *a, json_t **out, bool *is_gone, struct err *err);

/* The public half of a stored key; *jwk is a new reference that *out borrows. */
NODISCARD bool issue_key_read(const struct store_issuer_key *stored, json_t **jwk,
                              struct credential_key *out, struct err *err);

/* A badge of the store as documents need it: with public id, and criteria that are never empty. */
struct issue_badge_text {
    struct sv public_id, definition, rule;
};
NODISCARD bool issue_badge_read(struct arena *a, const struct issue_badge_text *text,
                                struct model_badge *out, struct err *err);
/* What an award's recorded facts come to as results; in `a`. */
NODISCARD bool issue_results(struct arena *a, struct sv reasons, struct credential_result **out,
                             size_t *count, struct err *err);
/* Evidence that teachers wrote down, from the store's JSON; its texts live as long as *keep. */
NODISCARD bool issue_evidence(struct arena *a, struct sv text, struct credential_evidence **out,
                              size_t *count, json_t **keep, struct err *err);
