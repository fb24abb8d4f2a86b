/* Handing credentials to wallets: OpenID for Verifiable Credential Issuance 1.0 ("OpenID4VCI"), the
 * pre-authorized code flow, issuer's side. Documents and the judging of a wallet's key proof; pure.
 * What older drafts (up to 13) did otherwise is understood where it does no harm. */
#pragma once
#include "base_clock.h"
#include "base_json.h"

#define CREDENTIAL_WALLET_REQUEST_MAX ((size_t)64 << 10)
#define CREDENTIAL_WALLET_NONCE_MAX 200
#define CREDENTIAL_WALLET_GRANT "urn:ietf:params:oauth:grant-type:pre-authorized_code"
#define CREDENTIAL_WALLET_CODE_DIGITS 6 /* of a transaction code */

/* In which form a wallet may ask for a badge. */
enum credential_wallet_form {
    CREDENTIAL_WALLET_LDP, /* "ob3_ldp": JSON with an embedded proof, format ldp_vc */
    CREDENTIAL_WALLET_JWT, /* "ob3_jwt": a token, format jwt_vc_json */
    CREDENTIAL_WALLET_FORMS
};
/* "ob3_ldp", "ob3_jwt": credential_configuration_id. */
const char *credential_wallet_form_name(enum credential_wallet_form form);

/* Section 12.2.4 and RFC 8414 2. base_url is the Credential Issuer Identifier. New references. */
json_t *credential_wallet_issuer_metadata(struct sv base_url);
json_t *credential_wallet_server_metadata(struct sv base_url);

/* A Credential Offer (4.1.1). New reference. */
json_t *credential_wallet_offer(struct sv base_url, struct sv code, bool has_transaction_code);
/* "openid-credential-offer://?credential_offer_uri=..." (4.1.3), for a link or a QR code. In `a`.
 */
struct sv credential_wallet_offer_link(struct arena *a, struct sv offer_url);

/* A Credential Request (8.2). Texts in `a`. */
struct credential_wallet_request {
    enum credential_wallet_form form;
    struct sv proof;  /* the key proof, a compact JWT; not judged yet */
    bool is_draft_13; /* asked in the old way: the answer has `credential` at its top too */
};
/* Why a request is refused: the error codes of 8.3.1.2 and of RFC 6749 5.2 are the `reason`s of the
 * errors below, and their texts are ASCII without quotes and backslashes, as the protocol wants.
 * Fails: ERR_INPUT "invalid_credential_request", "unknown_credential_configuration",
 * "invalid_proof" (there is none, or more than one). */
NODISCARD bool credential_wallet_request_parse(struct sv body, struct arena *a,
                                               struct credential_wallet_request *out,
                                               struct err *err);

/* What a key proof proves (appendix F.1): that somebody has the key of `did` at hand, now, for this
 * issuer. */
struct credential_wallet_proof {
    struct sv did;   /* did:key of the key, or the did:jwk that it was named by */
    struct sv nonce; /* to be looked at, and used up, by whoever gave it out */
};
/* Judges typ, algorithm (EdDSA, ES256), key (kid: did:key or did:jwk; or jwk; one of them), aud =
 * base_url, iat within five minutes, exp, and the signature. Fails: ERR_INPUT "invalid_proof". */
NODISCARD bool credential_wallet_proof_judge(struct sv proof, struct sv base_url, usec_t now,
                                             struct arena *a, struct credential_wallet_proof *out,
                                             struct err *err);
/* Is this a DID that a wallet's key proof could have had (did:key or did:jwk of a key we take)? */
bool credential_wallet_did_is_fit(struct sv did);

/* {"credentials": [{"credential": ...}]}: a string for tokens, else the JSON it is. New reference;
 * NULL when `body` is no JSON. */
json_t *credential_wallet_response(const struct credential_wallet_request *request, struct sv body);
/* {"transaction_id", "interval"}: not signed yet. New reference. */
json_t *credential_wallet_deferred(struct sv transaction_id, int64_t interval_s);
