/* Canvas's OAuth2 for a grade source (reference lti.md 11.1; RFC 6749 4.1, 6; attacks.md F5, F18):
 * the address of the consent page, and the three calls to the token service, which is the source's
 * own host and no other. Never stores; tokens, codes and secrets are in no error text. */
#pragma once
#include "base_clock.h"
#include "lti_http.h"

/* Borrowed. */
struct grades_oauth_key {
    struct sv base_url; /* "https://school.instructure.com" */
    struct sv client_id, secret;
    struct sv redirect_uri; /* of grades_oauth_url and grades_oauth_exchange */
    bool asks_scopes;       /* false: keys without enforced scopes take none */
};

/* What a reading needs of a key with enforced scopes: conf/canvas.md lists the same. */
extern const char *const grades_oauth_scopes[];
extern const size_t grades_oauth_scope_count;

/* Where the browser goes. `state` is base64url. In `a`. */
struct sv grades_oauth_url(struct arena *a, const struct grades_oauth_key *key, struct sv state);

/* Texts live in the arena. */
struct grades_oauth_grant {
    struct sv access;  /* fit for a header, at most 4096 bytes */
    struct sv refresh; /* of an exchange always; of a renewal mostly empty: the old one goes on */
    struct sv user_id, user_name; /* whom Canvas takes it for; may be empty */
    int64_t lasts_s;              /* 60..3600, whatever Canvas says */
};

/* A code for tokens. Fails:
 *   ERR_DENIED PARK    "grant" (the code is refused), "client" (the key is: unknown, off, another
 *                      secret)
 *   ERR_UPSTREAM PARK  "token_reply" (no token in it), "http_3xx"
 *   ERR_UPSTREAM LATER "token_reply" (refused without a reason)
 *   ERR_UPSTREAM       as net_fetch and net_status_check */
NODISCARD bool grades_oauth_exchange(const struct grades_oauth_key *key, struct sv code,
                                     const struct lti_http *http, struct arena *a,
                                     struct grades_oauth_grant *out, struct err *err);
/* A new access token. Fails as above; "grant": somebody must grant it again. */
NODISCARD bool grades_oauth_renew(const struct grades_oauth_key *key, struct sv refresh,
                                  const struct lti_http *http, struct arena *a,
                                  struct grades_oauth_grant *out, struct err *err);
/* Has Canvas end the token and what it came from. Fails as above. */
NODISCARD bool grades_oauth_revoke(struct sv base_url, struct sv access,
                                   const struct lti_http *http, struct arena *a, struct err *err);
