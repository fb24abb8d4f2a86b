/* Builds what an issuer publishes: the OpenBadgeCredential of an award (Open Badges 3.0, B.1, in
 * the strict form that 1EdTech's schema and validator take), the achievement and the issuer's
 * profile by themselves, DID document, keys, and status lists. Pure; nothing is signed here.
 *
 * Addresses, under base_url: awards/ID is the credential's id, badges/ID the achievement's,
 * issuers/ID the issuer's page, whose did:web is the issuer's id; keys/ID, status/ID,
 * revocations/ISSUER. Things inside have ids with fragments, so that canonical forms need few blank
 * nodes.
 *
 * A credential has one status entry: Open Badges' schema takes one object, and 1EdTech's validator
 * looks at revocation only. So an award that is suspended is marked in the list of revocations as
 * long as it is suspended (a copy that somebody keeps must not pass), is marked in the list of
 * suspensions, and what is signed meanwhile names that list and says so. Copies of that may be kept
 * too: a revoked award is marked in both lists for ever. */
#pragma once
#include "base_json.h"
#include "model_badge.h"

/* Of one text, once cleaned; and of a whole credential: what verifiers fetch at most. */
#define CREDENTIAL_TEXT_BYTES_MAX ((size_t)48 * 1024)
#define CREDENTIAL_BODY_BYTES_MAX ((size_t)192 * 1024)
#define CREDENTIAL_SCHEMA_URL                                                                      \
    "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/"                                         \
    "ob_v3p0_achievementcredential_schema.json"

/* A text as it may be signed: CR LF and CR become LF, TAB a space, noncharacters U+FFFD, since a
 * drawing that holds the credential is XML. Fails: ERR_INPUT "text" naming `field` for other
 * control characters, what is no UTF-8 (unpaired surrogates are none), and more than
 * CREDENTIAL_TEXT_BYTES_MAX. In `a`, or `text` itself. */
NODISCARD bool credential_text_clean(struct arena *a, const char *field, struct sv text,
                                     struct sv *out, struct err *err);

/* Addresses, in `a`. */
struct sv credential_url(struct arena *a, struct sv base_url, const char *folder, struct sv id);
/* "did:web:host%3A8443:path:issuers:ID". Fails: ERR_INPUT "did" when base_url has no host that
 * did:web can name. */
NODISCARD bool credential_did(struct arena *a, struct sv base_url, struct sv issuer_public_id,
                              struct sv *did, struct err *err);
/* A wallet's DID as a subject: did:key or did:jwk whose key is of a kind we know. Fails: ERR_INPUT
 * "did". */
NODISCARD bool credential_wallet_check(struct sv did, struct err *err);
/* "sha256$hex" of identity and salt (Open Badges 3.0, B.1.13). */
struct sv credential_identity_hash(struct arena *a, struct sv identity, struct sv salt);

/* The badge's picture by itself: PNG when its file's is, else SVG. Both are there of every badge.
 */
struct sv credential_picture_url(struct arena *a, struct sv base_url,
                                 const struct model_badge *badge);

struct credential_issuer {
    struct sv base_url;
    const struct model_issuer *issuer;
};
/* Profile, new reference. is_document: with @context, to stand alone. Fails: ERR_INPUT "text",
 * "did".
 */
NODISCARD bool credential_profile(const struct credential_issuer *of, bool is_document,
                                  json_t **out, struct err *err);
/* Achievement, new reference; badge->criteria must not be empty. */
NODISCARD bool credential_achievement(struct sv base_url, const struct model_badge *badge,
                                      bool is_document, json_t **out, struct err *err);

struct credential_result {
    struct sv name;     /* "Lab safety quiz" */
    struct sv type;     /* ResultType: "Percent", "RawScore", "LetterGrade", "Status", ... */
    struct sv value;    /* what was reached; for Status empty */
    struct sv status;   /* "Completed", ...; or empty */
    struct sv required; /* threshold; or empty */
    struct sv maximum;  /* or empty */
};
struct credential_evidence {
    struct sv name, narrative;
};
struct credential_award {
    struct credential_issuer issuer;
    const struct model_badge *badge;
    struct sv public_id;
    usec_t valid_from, awarded_at;
    usec_t valid_until; /* 0: for ever */
    const struct model_share *share;
    const struct credential_result *results; /* as far as they are to be shown */
    size_t result_count;
    const struct credential_evidence *evidence;
    size_t evidence_count;
    struct sv status_list; /* public id; empty: no status */
    int64_t status_index;
    bool is_suspended; /* status_list is one of suspensions */
};
/* The unsigned credential, new reference. Times are cut to whole seconds. Fails: ERR_INPUT "text"
 * naming the field, "too_long", "did" (a wallet's that is no did:key or did:jwk). */
NODISCARD bool credential_build(const struct credential_award *award, json_t **out,
                                struct err *err);
/* Would credentials of this badge be signed, and verified by others? For imports: text that cannot
 * be signed, or that programs sort in two ways. Fails: ERR_INPUT. */
NODISCARD bool credential_badge_check(const struct model_issuer *issuer,
                                      const struct model_badge *badge, struct err *err);
/* SHA-256 of the unsigned credential but for validFrom: is it still what was signed? */
NODISCARD bool credential_digest(const json_t *unsigned_credential, unsigned char out[32],
                                 struct err *err);

struct credential_key {
    struct sv public_id;
    const json_t *jwk; /* public members of RFC 7638 */
    bool is_proof_key; /* Ed25519: listed as Multikey, others as JsonWebKey */
    bool is_retired;   /* listed all the same */
};
/* One bare JWK: kid is its own address, alg and use beside. With `did`, "iss" too (key sets of
 * hosts with several issuers). New reference. */
json_t *credential_key_document(struct sv base_url, const struct credential_key *key,
                                struct sv did);
/* The DID document (DID Core 5; did:web): every key that ever signed. New reference. */
NODISCARD bool credential_did_document(const struct credential_issuer *of,
                                       const struct credential_key *keys, size_t count,
                                       json_t **out, struct err *err);

/* encodedList of the indices (W3C Bitstring Status List 1.0, 3.1, 4): `length` bits, gzip,
 * base64url, multibase 'u'. In `a`. Fails: ERR_BUG "bitstring" for an index outside. */
NODISCARD bool credential_bitstring_make(struct arena *a, int64_t length, const int64_t *set,
                                         size_t count, struct sv *encoded, struct err *err);
struct credential_status_list {
    struct credential_issuer issuer;
    struct sv public_id;
    bool is_suspension;
    usec_t valid_from;
    int64_t length;
    const int64_t *set;
    size_t set_count;
};
/* The unsigned BitstringStatusListCredential, new reference. */
NODISCARD bool credential_status_build(const struct credential_status_list *list, struct arena *a,
                                       json_t **out, struct err *err);
/* 1EdTechRevocationList (VCRL 1.0), new reference. */
NODISCARD bool credential_revocations(const struct credential_issuer *of,
                                      const struct sv *award_public_ids, size_t count, json_t **out,
                                      struct err *err);
