#include "base_num.h"
#include "net_fetch.h"

#define RETRY_AFTER_MAX_S 86400

bool net_response_header(const struct net_response *response, struct sv name, size_t nth,
                         struct sv *value) {
    for (size_t i = 0; i < response->header_count; i++) {
        if (sv_eq_nocase(response->headers[i].name, name) && nth-- == 0) {
            *value = response->headers[i].value;
            return true;
        }
    }
    *value = sv_of(NULL, 0);
    return false;
}

int64_t net_response_retry_after_s(const struct net_response *response) {
    struct sv value;
    int64_t seconds = 0;
    if (!net_response_header(response, SV("retry-after"), 0, &value) ||
        !num_parse_i64(value, 0, INT64_MAX, &seconds)) {
        return 0;
    }
    return seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S;
}

/* Canvas says "too fast" with 403 and these words, or with 429 (lti.md 4.9). */
static bool is_throttle(const struct net_response *r) {
    struct sv head = sv_head(r->body, 256);
    for (size_t i = 0; i < head.len && r->status == 403; i++) {
        if (sv_starts(sv_skip(head, i), SV("Rate Limit Exceeded"))) {
            return true;
        }
    }
    return r->status == 429;
}

bool net_status_check(const struct net_response *response, const char *what, struct err *err) {
    int status = response->status;
    if (status >= 200 && status < 300) {
        return true;
    }
    char reason[16];
    (void)snprintf(reason, sizeof reason, "http_%d", status);
    enum err_retry retry = ERR_RETRY_NO;
    const char *hint = "it does not take this request";
    if (status >= 500 || status == 408 || is_throttle(response)) {
        retry = ERR_RETRY_LATER;
        hint = status >= 500 ? "it has a problem of its own; trying again later"
                             : "it asks us to slow down; trying again later";
    } else if (status == 401 || status == 403) {
        retry = ERR_RETRY_PARK;
        hint = "it does not let us in";
    } else if (status >= 300 && status < 400) {
        hint = "it redirects elsewhere, which is not followed; enter the final address";
    }
    (void)err_because(err, ERR_UPSTREAM, reason, "%s: the server answered %d: %s", what, status,
                      hint);
    return err_retry_as(err, retry);
}
