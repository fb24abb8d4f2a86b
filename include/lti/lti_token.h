/* Access tokens for platform services: OAuth 2.0 client credentials with a signed assertion
 * (1EdTech Security Framework 1.0, 4.1; RFC 7523; reference lti.md 3). */
#pragma once
#include "base_clock.h"
#include "base_json.h"
#include "lti_http.h"
#include "model_lti.h"

#define LTI_SCOPE_LINEITEM "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
#define LTI_SCOPE_LINEITEM_READ "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
#define LTI_SCOPE_RESULT_READ "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
#define LTI_SCOPE_SCORE "https://purl.imsglobal.org/spec/lti-ags/scope/score"
#define LTI_SCOPE_ROSTER "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
#define LTI_SCOPE_NOTICES "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"

#define LTI_TOKEN_MAX 8192
#define LTI_SCOPES_MAX 8

/* Signs a JWT (RS256, header kid and typ) over these claims with the registration's key. */
struct lti_signer {
    bool (*sign)(void *ctx, const json_t *claims, struct arena *a, struct sv *jwt, struct err *err);
    void *ctx;
};

struct jose_key;
/* Signs with jose_jwt_sign; the key is borrowed. */
struct lti_signer lti_signer_of(const struct jose_key *key);

/* Whom a token is for. All borrowed. */
struct lti_token_ask {
    const struct model_registration *registration; /* id, client_id, token_url, token_audience */
    struct sv deployment_id;                       /* goes into the assertion when not empty */
    const struct sv *scopes;
    size_t scope_count; /* 1..LTI_SCOPES_MAX; order does not matter */
    const struct lti_http *http;
    const struct lti_signer *signer;
    const struct clock *clock;
};

struct lti_token_grant {
    struct sv token; /* printable ASCII without spaces */
    struct sv scope; /* as granted; empty: all that was asked */
    int64_t lasts_s; /* clamped to 0..3600, a minute taken off */
};

/* Ask the token service; no cache. A fresh jti each time; iat a minute back (Moodle forgives no
 * second, moodle.md 0.6), exp four minutes ahead. Fails: ERR_DENIED "scope" PARK when less was
 * granted than asked; ERR_DENIED "token_refused" PARK when the platform refused us; ERR_UPSTREAM
 * "token_reply" when the reply is no token; as net_fetch. */
NODISCARD bool lti_token_request(const struct lti_token_ask *ask, struct arena *a,
                                 struct lti_token_grant *out, struct err *err);

/* Judge a reply's body (any content type); split out for tests and fuzzing. */
NODISCARD bool lti_token_reply_parse(struct sv body, const struct sv *scopes, size_t scope_count,
                                     struct arena *a, struct lti_token_grant *out, struct err *err);

/* A cache in memory: one token per registration, deployment and set of scopes. Thread-safe; whoever
 * asks while another is fetching the same token waits for it (single flight). */
struct lti_tokens;
struct lti_tokens *lti_tokens_create(void);
void lti_tokens_destroy(struct lti_tokens *tokens);
/* The token lives in `a`. Fails as lti_token_request. */
NODISCARD bool lti_tokens_get(struct lti_tokens *tokens, const struct lti_token_ask *ask,
                              struct arena *a, struct sv *token, struct err *err);
/* Forget `token` (a service said 401). Another that came meanwhile stays. */
void lti_tokens_drop(struct lti_tokens *tokens, const struct lti_token_ask *ask, struct sv token);
