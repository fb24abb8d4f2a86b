#include "lti_service.h"
#include "net_link.h"

/* Canvas cloud: one issuer for all schools, services below the school's own host (lti.md 3.2). */
static bool is_canvas_cloud(struct sv host) {
    return sv_eq(host, SV("canvas.instructure.com")) || sv_ends(host, SV(".instructure.com"));
}

static bool is_extra_host(const struct lti_service *s, const struct net_url *url) {
    for (size_t i = 0; i < s->extra_host_count; i++) {
        if (url->is_tls && url->port == 443 && sv_eq_nocase(s->extra_hosts[i], url->host)) {
            return true;
        }
    }
    return false;
}

bool lti_service_may_call(const struct lti_service *s, struct arena *a, struct sv url,
                          struct err *err) {
    const struct model_registration *r = s->registration;
    const struct sv own[] = {r->token_url, r->auth_url, r->jwks_url, r->issuer};
    struct net_url target = {0};
    if (!net_url_split(a, url, &target, err)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(own); i++) {
        struct net_url mine = {0};
        if (!net_url_split(a, own[i], &mine, NULL)) {
            continue; /* an issuer need not be a URL with a host */
        }
        if (sv_eq(mine.origin, target.origin) ||
            (is_canvas_cloud(mine.host) && sv_ends(target.host, SV(".instructure.com")) &&
             target.is_tls && target.port == 443)) {
            return true;
        }
    }
    if (is_extra_host(s, &target)) {
        return true;
    }
    (void)err_because(err, ERR_DENIED, "service_host",
                      "%.*s is not a host of this registration, so it gets no token: register the "
                      "platform with its token URL on that host",
                      SV_ARG(sv_head(target.origin, 150)));
    return err_retry_as(err, ERR_RETRY_PARK);
}

static bool send_once(const struct lti_service *s, const struct lti_service_call *call,
                      struct sv token, struct arena *a, struct net_response *out, struct err *err) {
    struct net_header headers[2] = {
        {SV("Authorization"), sv_printf(a, "Bearer %.*s", SV_ARG(token))}};
    size_t count = 1;
    if (call->accept != NULL) {
        headers[count++] = (struct net_header){SV("Accept"), sv_from(call->accept)};
    }
    const struct net_request request = {
        .method = call->method,
        .net_class = NET_CLASS_PLATFORM,
        .url = call->url,
        .headers = headers,
        .header_count = count,
        .body = call->body,
        .content_type = sv_from(call->content_type),
        .total_timeout_ms = s->total_timeout_ms,
        .body_max_bytes = call->body_max_bytes == 0 ? LTI_SERVICE_BODY_MAX : call->body_max_bytes,
    };
    *out = (struct net_response){0};
    return s->http.fetch(s->http.ctx, &request, out, a, err) || err_prefix(err, "%s", call->what);
}

bool lti_service_send(const struct lti_service *s, const struct lti_service_call *call,
                      struct arena *a, struct net_response *out, struct err *err) {
    struct sv scopes[LTI_SCOPES_MAX];
    size_t count = 0;
    while (count < LTI_SCOPES_MAX && call->scopes[count] != NULL) {
        scopes[count] = sv_from(call->scopes[count]);
        count++;
    }
    const struct lti_token_ask ask = {.registration = s->registration,
                                      .deployment_id = s->deployment_id,
                                      .scopes = scopes,
                                      .scope_count = count,
                                      .http = &s->http,
                                      .signer = &s->signer,
                                      .clock = &s->clock};
    if (!lti_service_may_call(s, a, call->url, err)) {
        return err_prefix(err, "%s", call->what);
    }
    struct sv token;
    if (!lti_tokens_get(s->tokens, &ask, a, &token, err) ||
        !send_once(s, call, token, a, out, err)) {
        return false;
    }
    if (out->status != 401) {
        return true;
    }
    lti_tokens_drop(s->tokens, &ask, token); /* once: F7 */
    return lti_tokens_get(s->tokens, &ask, a, &token, err) &&
           send_once(s, call, token, a, out, err);
}

bool lti_service_check(const struct net_response *response, const char *what, struct err *err) {
    struct err net = {0};
    if (net_status_check(response, what, &net)) {
        return true;
    }
    int status = response->status;
    const char *reason = net.reason;
    if (net.retry == ERR_RETRY_LATER) { /* also Canvas's throttle, which is a 403 */
        (void)err_because(err, ERR_UPSTREAM, reason, "%s", net.text);
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    switch (status) {
    case 401:
    case 403:
    case 412:
        (void)err_because(err, ERR_DENIED, reason,
                          "%s: the platform does not allow it (%d): check which services are "
                          "switched on for this tool",
                          what, status);
        return err_retry_as(err, ERR_RETRY_PARK);
    case 404:
    case 410:
        return err_because(err, ERR_NOT_FOUND, reason, "%s: it is no longer there", what);
    case 409:
        return err_because(err, ERR_CONFLICT, reason, "%s: the platform holds something newer",
                           what);
    case 422:
        (void)err_because(err, ERR_INPUT, reason,
                          "%s: a rule of the course stands against it (is it concluded or "
                          "unpublished?)",
                          what);
        return err_retry_as(err, ERR_RETRY_LATER);
    default:
        return err_because(err, ERR_UPSTREAM, reason, "%s", net.text);
    }
}

void lti_pages_init(struct lti_pages *pages, struct sv first_url) {
    *pages = (struct lti_pages){.first = first_url, .next = first_url};
}

static bool bad_paging(struct err *err, const char *why) {
    (void)err_because(err, ERR_UPSTREAM, "paging", "the platform's list of pages %s", why);
    return err_retry_as(err, ERR_RETRY_PARK);
}

static bool is_seen(const struct lti_pages *p, struct sv url) {
    for (size_t i = 0; i < p->seen_count; i++) {
        if (sv_eq(p->seen[i], url)) {
            return true;
        }
    }
    return false;
}

static void remember(struct lti_pages *p, struct sv url, struct arena *a) {
    if (p->seen_count == p->seen_cap) {
        size_t cap = p->seen_cap == 0 ? 16 : 2 * p->seen_cap;
        struct sv *longer = ARENA_ARRAY(a, struct sv, cap);
        if (p->seen_count > 0) {
            memcpy(longer, p->seen, p->seen_count * sizeof *longer);
        }
        p->seen = longer;
        p->seen_cap = cap;
    }
    p->seen[p->seen_count++] = url;
}

bool lti_pages_advance(struct lti_pages *p, const struct net_response *response, struct arena *a,
                       struct err *err) {
    remember(p, p->next, a);
    p->next = sv_of(NULL, 0);
    struct sv header;
    struct sv url = {0};
    for (size_t i = 0; url.len == 0 && net_response_header(response, SV("link"), i, &header); i++) {
        if (!net_link_find(a, header, SV("next"), &url)) {
            url = sv_of(NULL, 0);
        }
    }
    if (url.len == 0) {
        return true;
    }
    if (!net_url_same_origin(a, p->first, url)) {
        return bad_paging(err, "leads to another server");
    }
    if (is_seen(p, url)) {
        return bad_paging(err, "goes in a circle");
    }
    if (p->seen_count >= LTI_SERVICE_PAGES_MAX) {
        return bad_paging(err, "does not end");
    }
    p->next = sv_copy(a, url);
    return true;
}
