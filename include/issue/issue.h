/* Issuing: awards of the store become signed credentials, and issuers' documents are made of what
 * the store holds. A room of its own because `job` signs, `page` serves and `app` exports; it may
 * use store, credential, jose, badge and judge.
 *
 * A struct issue is safe from any thread. It keeps the private keys it has opened. */
#pragma once
#include "base_clock.h"
#include "base_json.h"
#include "credential_build.h"
#include "store_credential.h"
#include "store_issuer.h"
#include "store_public.h"
#include "store_share.h"

struct issue;

/* Both borrowed. The store must have its seal to sign. */
struct issue *issue_create(struct store *store, struct sv base_url);
void issue_destroy(struct issue *issue);

/* An issuer's keys, made if it has none: Ed25519 for proofs, RSA for tokens. */
NODISCARD bool issue_keys_ready(struct issue *issue, int64_t institution_id, int64_t issuer_id,
                                struct err *err);
/* A new key for the issuer, at once; the one it follows stays published. alg: "EdDSA", "RS256",
 * "ES256" (the last two follow each other); *public_id in `a`. */
NODISCARD bool issue_key_rotate(struct issue *issue, int64_t institution_id, int64_t issuer_id,
                                struct sv alg, struct arena *a, struct sv *public_id,
                                struct err *err);

/* Sign those of the awards whose credentials are not there or not what the awards say now; keys are
 * made when an issuer has none. Idempotent. An award that cannot be signed (a text of its badge) is
 * noted, and the others go on. */
struct issue_signed {
    size_t seen, made, problems;
};
NODISCARD bool issue_sign(struct issue *issue, int64_t institution_id, const int64_t *award_ids,
                          size_t count, usec_t now, struct issue_signed *out, struct err *err);

/* One award's credential signed now for a wallet: `did` is its subject (did:key or did:jwk), all
 * else as the learner shares it; nothing is kept. Text in `a`. Fails: ERR_NOT_FOUND "award",
 * ERR_INPUT "did". */
NODISCARD bool issue_sign_for(struct issue *issue, int64_t institution_id, int64_t award_id,
                              struct sv did, enum store_form form, usec_t now, struct arena *a,
                              struct sv *body, struct err *err);

/* A learner's choice. EMAIL and LTI: what the award's person is known as, hashed with a new salt;
 * DID: `did`. */
struct issue_choice {
    int64_t institution_id, award_id;
    int64_t person_id; /* who asks: the learner */
    bool is_shared, shows_results, shows_evidence, shows_name;
    bool told_results, told_evidence; /* as of struct model_share */
    enum model_identity identity;
    struct sv did;
};
/* Fails: as store_share_set; ERR_INPUT "email" when none is known; ERR_INPUT "did". */
NODISCARD bool issue_share_set(struct issue *issue, const struct issue_choice *choice, usec_t now,
                               struct err *err);

/* Documents by public id, each a new reference. Fail: ERR_NOT_FOUND "public". */
NODISCARD bool issue_badge_document(struct issue *issue, struct sv badge_id, struct arena *a,
                                    json_t **out, struct err *err);
NODISCARD bool issue_profile_document(struct issue *issue, struct sv issuer_id, struct arena *a,
                                      json_t **out, struct err *err);
NODISCARD bool issue_did_document(struct issue *issue, struct sv issuer_id, struct arena *a,
                                  json_t **out, struct err *err);
NODISCARD bool issue_key_document(struct issue *issue, struct sv key_id, struct arena *a,
                                  json_t **out, struct err *err);
/* Every key of every issuer. */
NODISCARD bool issue_key_set(struct issue *issue, struct arena *a, json_t **out, struct err *err);
NODISCARD bool issue_revocation_document(struct issue *issue, struct sv issuer_id, struct arena *a,
                                         json_t **out, struct err *err);
/* The signed list as text, signed anew when its bits have changed. */
NODISCARD bool issue_status_document(struct issue *issue, struct sv list_id, enum store_form form,
                                     usec_t now, struct arena *a, struct sv *body, struct err *err);
/* A shared award's credential. Private, unknown, not signed yet: ERR_NOT_FOUND "public". */
NODISCARD bool issue_award_document(struct issue *issue, struct sv award_id, enum store_form form,
                                    struct arena *a, struct store_credential_public *out,
                                    struct err *err);
/* The shared award behind an address, for pages and other forms of it. Fails the same. */
NODISCARD bool issue_award_find(struct issue *issue, struct sv award_id, struct arena *a,
                                int64_t *institution_id, struct store_credential_public *out,
                                struct err *err);
struct sv issue_base_url(const struct issue *issue);

/* A badge for people, with its rule in words. */
struct issue_badge_view {
    struct model_badge badge;
    struct sv rule_words;
    struct sv issuer_public_id, issuer_name;
};
/* The page of a badge is public once the badge is there: it holds nothing of anybody, and every
 * credential names its address. Fails: ERR_NOT_FOUND "public". */
NODISCARD bool issue_badge_view_get(struct issue *issue, struct sv badge_id, struct arena *a,
                                    struct issue_badge_view *out, struct err *err);

/* A shared award for people: what its learner shows and nothing else. */
struct issue_award_view {
    struct store_award_page award;
    struct issue_badge_view badge;
    struct credential_result *results; /* none unless they are shown */
    size_t result_count;
    struct credential_evidence *evidence; /* the same */
    size_t evidence_count;
    struct sv did;             /* the issuer's */
    struct sv key_url;         /* empty: not signed yet */
    struct sv key_fingerprint; /* the key's JWK thumbprint (RFC 7638), base64url */
};
/* One round trip to the database. Fails: ERR_NOT_FOUND "public" when it is private or unknown. */
NODISCARD bool issue_award_view_get(struct issue *issue, struct sv award_id, struct arena *a,
                                    struct issue_award_view *out, struct err *err);

/* An issuer with the badges it has in use. */
struct issue_issuer_view {
    struct model_issuer issuer;
    struct sv did;
    struct store_issuer_badge *badges;
    size_t badge_count;
};
NODISCARD bool issue_issuer_view_get(struct issue *issue, struct sv issuer_id, struct arena *a,
                                     struct issue_issuer_view *out, struct err *err);
