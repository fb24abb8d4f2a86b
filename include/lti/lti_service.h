/* One call to a service of a platform, with its token (reference lti.md 3.3, 4.9; attacks.md
 * F2-F7). */
#pragma once
#include "lti_http.h"
#include "lti_token.h"

#define LTI_SERVICE_BODY_MAX ((size_t)8 << 20)
#define LTI_SERVICE_PAGES_MAX 2000

/* The services of one deployment. All borrowed; several threads may use one. */
struct lti_service {
    const struct model_registration *registration;
    struct sv deployment_id;
    struct lti_http http;
    struct lti_signer signer;
    struct clock clock;
    struct lti_tokens *tokens;
    int total_timeout_ms;         /* 0: net's default; longer for bulk reads by a worker */
    const struct sv *extra_hosts; /* more hosts that may get our token; usually none */
    size_t extra_host_count;
};

struct lti_service_call {
    enum net_method method;
    struct sv url;
    const char *what;                   /* "reading the line items": for error texts */
    const char *scopes[LTI_SCOPES_MAX]; /* the narrowest that do; NULL ends */
    const char *accept;                 /* one media type, or NULL */
    const char *content_type;
    struct sv body;
    size_t body_max_bytes; /* 0: LTI_SERVICE_BODY_MAX */
};

/* May the registration's token go to this URL? Its origin is that of one of the registration's own
 * URLs (token, login, key set, issuer), one of extra_hosts over https, or, for an issuer of Canvas
 * cloud, a host below .instructure.com. Fails: ERR_DENIED "service_host" PARK. */
NODISCARD bool lti_service_may_call(const struct lti_service *service, struct arena *a,
                                    struct sv url, struct err *err);

/* Send with a token; on 401 drop it, take a new one and send once more. Any status is a success
 * here: judge with lti_service_check. Fails as lti_service_may_call, lti_tokens_get and net_fetch.
 */
NODISCARD bool lti_service_send(const struct lti_service *service,
                                const struct lti_service_call *call, struct arena *a,
                                struct net_response *out, struct err *err);

/* The meaning of a status (lti.md 4.9): true for 2xx; 404 ERR_NOT_FOUND; 401, 403, 412 ERR_DENIED
 * PARK; 409 ERR_CONFLICT; 422 ERR_INPUT LATER (Canvas: rule of the course, retry rarely); 429, 5xx
 * and a Canvas throttle ERR_UPSTREAM LATER; other 4xx ERR_UPSTREAM NO. Reason "http_NNN". */
NODISCARD bool lti_service_check(const struct net_response *response, const char *what,
                                 struct err *err);

/* Walks the pages of a container (Link rel=next): same origin only, no URL twice, a cap (F4). */
struct lti_pages {
    struct sv first, next; /* next empty: no more */
    struct sv *seen;
    size_t seen_count, seen_cap;
};
void lti_pages_init(struct lti_pages *pages, struct sv first_url);
/* Take the next URL from the reply to the last one; at the end `next` is empty. Fails: ERR_UPSTREAM
 * "paging". */
NODISCARD bool lti_pages_advance(struct lti_pages *pages, const struct net_response *response,
                                 struct arena *a, struct err *err);
