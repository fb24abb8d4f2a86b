/* The `state` of a launch, minted at login and stored nowhere (DESIGN 5, "Launch"; OIDC Core
 * 3.1.2.1; attacks.md D1-D4, D11, D21): an authenticated value that says which registration the
 * login was for, its nonce, when, and in whose browser. A flood of logins costs no rows; single use
 * is the insert of the nonce.
 *
 * The browser is bound by a random value that the caller keeps there: in a __Host- cookie, or,
 * where cookies are withheld, in the platform's storage (lti.md 8.2). It may serve several logins
 * at once (two tabs, P8). Which frame of the platform keeps it travels in the state as well: not
 * every platform says it again in the launch. */
#pragma once
#include "base_clock.h"
#include "seal_key.h"

#define LTI_STATE_TTL_S 600
/* A state that comes from the future was minted by a machine whose clock runs ahead. */
#define LTI_STATE_SKEW_S 60
#define LTI_STATE_TEXT_MAX 260
#define LTI_DIGEST_BYTES 32

struct lti_state {
    int64_t registration_id;
    struct sv nonce; /* 22 characters of base64url: 128 random bits */
    usec_t issued_at;
    bool has_deployment; /* the login named one */
    unsigned char deployment_digest[LTI_DIGEST_BYTES];
    unsigned char browser_digest[LTI_DIGEST_BYTES];
    struct sv storage_target; /* as in struct lti_login_request; empty: not offered */
};

struct lti_state_want {
    int64_t registration_id;  /* > 0 */
    struct sv browser;        /* as lti_state_browser_new made it */
    struct sv deployment_id;  /* lti_deployment_id of the login; empty: not given */
    struct sv storage_target; /* as in struct lti_login_request; empty: not offered */
    usec_t now;
};

/* 128 random bits as 22 characters of base64url, in `a`. */
struct sv lti_state_browser_new(struct arena *a);
/* Has it that form? A login keeps a value that the browser already has, else makes one. */
bool lti_state_browser_is_valid(struct sv browser);
/* Under which key platform storage keeps the browser's value of a login: "laurel_" and 32 hex
 * digits of the state's SHA-256, in `a`. */
struct sv lti_state_storage_key(struct arena *a, struct sv text);

/* *text is base64url of at most LTI_STATE_TEXT_MAX; *nonce goes into the authentication request.
 * Both in `a`. Fails: ERR_BUG when the browser value or the frame's name is not valid. */
NODISCARD bool lti_state_mint(const struct seal *seal, const struct lti_state_want *want,
                              struct arena *a, struct sv *text, struct sv *nonce, struct err *err);

/* Authentic, in time and of this browser. Fails: ERR_DENIED "state" (not ours or changed),
 * "state_expired" (start again from the course), "state_browser" (another browser's, or it brought
 * no value). */
NODISCARD bool lti_state_open(const struct seal *seal, struct sv text, struct sv browser,
                              usec_t now, struct arena *a, struct lti_state *out, struct err *err);
/* The same without looking at the browser: for the page that has to ask the platform's storage for
 * the value first. Shows which registration to ask; grants nothing. */
NODISCARD bool lti_state_peek(const struct seal *seal, struct sv text, usec_t now, struct arena *a,
                              struct lti_state *out, struct err *err);
