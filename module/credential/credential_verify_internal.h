/* Inside verification: one round over one credential. */
#pragma once
#include "credential_jwt.h"
#include "credential_verify.h"

/* Clocks differ. */
#define VERIFY_SKEW (300 * USEC_PER_S)

struct verify {
    const struct credential_verify_input *in;
    struct arena *arena;
    struct credential_report *report;
    json_t *kept; /* an array that owns every parsed document */
};

/* A credential in its envelope. */
struct verify_document {
    const json_t *credential; /* borrowed from `kept` or from the token */
    struct credential_jwt jwt;
    bool is_jwt;
};

/* A key by what the signature says of it, and whether the issuer says it is his. */
struct verify_key {
    struct jose_proof_key *key; /* owned; NULL: `signature` says why */
    struct credential_check signature, issuer;
};

/* A copy without control characters: texts of strangers end up on terminals. */
struct sv verify_plain(struct arena *a, struct sv text);
struct credential_check verify_say(struct verify *v, enum credential_verdict verdict,
                                   const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "3 May 2027, 09:30 UTC"; as it is when it is no date-time. */
struct sv verify_moment(struct verify *v, struct sv rfc3339);
/* The answer of a URL; false with *why (not possible) while there is none, and then next_url is set
 * if it may still be fetched. */
NODISCARD bool verify_fetch(struct verify *v, struct sv url, struct sv *body,
                            struct credential_check *why);
/* The same, as a JSON object. */
NODISCARD bool verify_fetch_json(struct verify *v, struct sv url, const json_t **out,
                                 struct credential_check *why);
/* https, or http to this machine, without user, white space or backslash. */
bool verify_url_is_fit(struct sv url);
/* "https://host[:port]" as written; empty when it is no such URL. Compare without case. */
struct sv verify_origin(struct sv url);

/* The id of an issuer given as URI or as object. */
struct sv verify_issuer_id(const json_t *credential);
/* JSON or token as a credential. Release out->jwt. */
NODISCARD bool verify_open(struct verify *v, struct sv text, struct verify_document *out,
                           struct err *err);
/* Signature and issuer of an opened credential. */
void verify_signature(struct verify *v, const struct verify_document *doc,
                      struct credential_check *signature, struct credential_check *issuer);
/* validFrom and validUntil against now. */
struct credential_check verify_dates(struct verify *v, const json_t *credential);
struct credential_check verify_status(struct verify *v, const json_t *credential);
struct credential_check verify_recipient(struct verify *v, const json_t *credential);

/* An Open Badges 2.0 assertion, JSON (hosted) or token (signed). */
void verify_open_badge_2(struct verify *v, const struct verify_document *doc);
/* What the report says the badge is, without control characters. */
void verify_describe(struct verify *v, struct sv name, const json_t *issuer,
                     const json_t *credential);

/* `method` is a kid or verificationMethod, or empty when there is only a JWK. */
struct verify_key_query {
    struct sv issuer_id, method;
    const json_t *jwk;
};
void verify_key_find(struct verify *v, const struct verify_key_query *query,
                     struct verify_key *out);
