/* How this room (and the grade sources) reach the outside: through a function, so that a test hands
 * in canned bytes and no network. */
#pragma once
#include "net_fetch.h"

struct lti_http {
    bool (*fetch)(void *ctx, const struct net_request *request, struct net_response *response,
                  struct arena *a, struct err *err); /* as net_fetch */
    void *ctx;
    /* As net_fetch_all, with the same ctx; NULL: one after another. Called by lti_http_fetch_all.
     * A wrapper of `fetch` wraps this too: its own `next` and `done` around the caller's. */
    bool (*fetch_all)(void *ctx, const struct net_many *many, struct err *err);
};

/* Many exchanges by whatever `http` has. Fails as net_fetch_all. */
NODISCARD bool lti_http_fetch_all(const struct lti_http *http, const struct net_many *many,
                                  struct err *err);

/* The real one. */
struct lti_http lti_http_of(struct net_client *client);

/* A platform's key set, as struct lti_keysets_config wants it; ctx is a struct lti_http. 256 KiB,
 * 5 s; *max_age_s from Cache-Control, -1 when it says nothing. Fails as net_fetch and
 * net_status_check. */
NODISCARD bool lti_http_fetch_keyset(void *ctx, struct sv url, struct arena *a, struct sv *body,
                                     int64_t *max_age_s, struct err *err);
/* The max-age of a Cache-Control value (RFC 9111 5.2); no-store and no-cache are 0; -1: not said.
 */
int64_t lti_http_max_age_s(struct sv cache_control);
