/* Signed credentials of awards, and status lists. Building and signing is the issue room's. */
#pragma once
#include "model_badge.h"
#include "store.h"

enum store_form {
    STORE_FORM_JSON, /* an embedded proof (eddsa-rdfc-2022) */
    STORE_FORM_TOKEN /* VC-JWT */
};

/* An award with all that its credential is made of. */
struct store_credential_source {
    int64_t award_id, badge_id, issuer_id;
    struct sv public_id;
    enum model_award_state state;
    usec_t issued_at, expires_at;
    struct sv reasons;                     /* JSON: the facts seen */
    struct sv badge_public_id;             /* with these two, judge_badge_read's input: */
    struct sv badge_key, definition, rule; /* rule: of the version the award met */
    struct sv evidence;                    /* JSON: [{"condition", "evidence", "at"}] */
    struct model_share share;
    struct sv status_list, suspension_list; /* public ids; empty: no place yet */
    int64_t status_index;
    struct sv digests[2]; /* by form, 32 bytes; empty: not signed yet */
    usec_t valid_from;    /* of what is signed; 0: nothing */
};
/* Of these awards those that were issued once, sorted by id. */
NODISCARD bool store_credential_sources(struct store *store, int64_t institution_id,
                                        const int64_t *award_ids, size_t id_count, struct arena *a,
                                        struct store_credential_source **out, size_t *count,
                                        struct err *err);
/* The next awards of a badge behind `after`, at most `limit`. */
NODISCARD bool store_credential_of_badge(struct store *store, int64_t institution_id,
                                         int64_t badge_id, int64_t after, int64_t limit,
                                         struct arena *a, int64_t **ids, size_t *count,
                                         struct err *err);
/* Give each award that has no place in a status list one of its issuer's: the first free of the
 * `places`, random numbers, which are used up in order. When they run out the rest stays without.
 */
NODISCARD bool store_status_assign(struct store *store, int64_t institution_id, int64_t issuer_id,
                                   const int64_t *award_ids, size_t count, const int64_t *places,
                                   size_t place_count, struct err *err);

struct store_credential {
    int64_t award_id, key_id;
    enum store_form form;
    struct sv body;
    struct sv digest;     /* 32 bytes: of what was signed, without validFrom */
    struct sv was_digest; /* what the source said there was; empty: nothing */
    usec_t valid_from, signed_at;
};
/* An award that cannot be signed: why, in words. */
struct store_credential_problem {
    int64_t award_id;
    struct sv problem;
};
struct store_credential_batch {
    const struct store_credential *credentials;
    size_t credential_count;
    const struct store_credential_problem *problems;
    size_t problem_count;
};
/* Keep what was signed, in place of what there was, and note problems; in one transaction. Fails:
 * ERR_CONFLICT "signed" (retry) when another worker signed one of them meanwhile: of what was seen
 * before, nobody knows whether it was newer. */
NODISCARD bool store_credential_save(struct store *store, int64_t institution_id,
                                     const struct store_credential_batch *batch, struct err *err);

/* One award as the public may ask for it. */
struct store_credential_public {
    int64_t award_id, badge_id, person_id;
    struct sv public_id;
    enum model_award_state state;
    usec_t issued_at, expires_at, shared_at; /* shared_at 0: private */
    struct sv body;                          /* empty: not signed yet */
    usec_t valid_from, signed_at;
};
/* Fails: ERR_NOT_FOUND "award". */
NODISCARD bool store_credential_get(struct store *store, int64_t institution_id, int64_t award_id,
                                    enum store_form form, struct arena *a,
                                    struct store_credential_public *out, struct err *err);

/* A status list: which of its bits are set, and what was signed of it last. */
struct store_status {
    int64_t issuer_id;
    struct sv public_id; /* of the list that was asked for */
    int64_t length;
    int64_t *set; /* indices, ascending */
    size_t set_count;
    struct sv body, digest; /* empty: never signed */
    usec_t signed_at;
};
/* Suspended and revoked awards are set in the list of revocations and in that of suspensions
 * (credential_build.h says why). Fails: ERR_NOT_FOUND "status". */
NODISCARD bool store_status_get(struct store *store, int64_t institution_id, int64_t list_id,
                                bool is_suspension, enum store_form form, struct arena *a,
                                struct store_status *out, struct err *err);
struct store_status_signed {
    int64_t list_id;
    bool is_suspension;
    enum store_form form;
    struct sv body, digest;
    usec_t signed_at;
};
NODISCARD bool store_status_save(struct store *store, int64_t institution_id,
                                 const struct store_status_signed *list, struct err *err);

/* Revoked awards of an issuer, oldest first, at most 100,000: for the 1EdTech list. */
NODISCARD bool store_revocation_list(struct store *store, int64_t institution_id, int64_t issuer_id,
                                     struct arena *a, struct sv **public_ids, size_t *count,
                                     struct err *err);

/* Have awards signed by jobs: of a badge, or (badge_id 0) of all badges of the issuer. */
NODISCARD bool store_sign_badge(struct store *store, int64_t institution_id, int64_t issuer_id,
                                int64_t badge_id, struct err *err);
/* For the operator, of all institutions. */
struct store_sign_state {
    int64_t waiting, refused;
    struct sv public_id, problem; /* of one that was refused */
};
NODISCARD bool store_sign_state(struct store *store, struct arena *a, struct store_sign_state *out,
                                struct err *err);
/* Add jobs for awards that have no credential: of earlier releases, or lost. */
NODISCARD bool store_sign_missing(struct store *store, struct err *err);
