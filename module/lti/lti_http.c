#include "lti_http.h"
#include "base_num.h"

#define KEYSET_BODY_MAX ((size_t)256 << 10)
#define KEYSET_TOTAL_MS 5000

static bool fetch(void *ctx, const struct net_request *request, struct net_response *response,
                  struct arena *a, struct err *err) {
    return net_fetch(ctx, request, response, a, err);
}

static bool fetch_all(void *ctx, const struct net_many *many, struct err *err) {
    return net_fetch_all(ctx, many, err);
}

struct lti_http lti_http_of(struct net_client *client) {
    return (struct lti_http){.fetch = fetch, .ctx = client, .fetch_all = fetch_all};
}

bool lti_http_fetch_all(const struct lti_http *http, const struct net_many *many, struct err *err) {
    if (http->fetch_all != NULL) {
        return http->fetch_all(http->ctx, many, err);
    }
    AUTO_ARENA a = {0};
    for (;;) {
        struct net_request request = {0};
        struct net_response response = {0};
        struct err failed = {0};
        size_t tag = 0;
        arena_reset(&a);
        if (!many->next(many->ctx, &a, &request, &tag)) {
            return true;
        }
        bool is_good = http->fetch(http->ctx, &request, &response, &a, &failed);
        if (!many->done(many->ctx, tag, &a, is_good ? &response : NULL, is_good ? NULL : &failed,
                        err)) {
            return false;
        }
    }
}

int64_t lti_http_max_age_s(struct sv cache_control) {
    int64_t age = -1;
    while (cache_control.len > 0) {
        struct sv part;
        struct sv name;
        struct sv value;
        (void)sv_cut(cache_control, ',', &part, &cache_control);
        (void)sv_cut(sv_trim(part), '=', &name, &value);
        name = sv_trim(name);
        if (sv_eq_nocase(name, SV("no-store")) || sv_eq_nocase(name, SV("no-cache"))) {
            return 0;
        }
        int64_t seconds = 0;
        if (age < 0 && sv_eq_nocase(name, SV("max-age")) &&
            num_parse_i64(sv_trim(value), 0, INT64_MAX, &seconds)) {
            age = seconds;
        }
    }
    return age;
}

bool lti_http_fetch_keyset(void *ctx, struct sv url, struct arena *a, struct sv *body,
                           int64_t *max_age_s, struct err *err) {
    const struct lti_http *http = ctx;
    const struct net_request request = {.method = NET_GET,
                                        .net_class = NET_CLASS_PLATFORM,
                                        .url = url,
                                        .total_timeout_ms = KEYSET_TOTAL_MS,
                                        .body_max_bytes = KEYSET_BODY_MAX};
    struct net_response response = {0};
    if (!http->fetch(http->ctx, &request, &response, a, err) ||
        !net_status_check(&response, "reading the platform's keys", err)) {
        return false;
    }
    struct sv cache;
    *max_age_s = net_response_header(&response, SV("cache-control"), 0, &cache)
                     ? lti_http_max_age_s(cache)
                     : -1;
    *body = response.body;
    return true;
}
