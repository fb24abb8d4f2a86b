#include "web_origin.h"
#include "base_num.h"

static bool denied(struct err *err) {
    return err_because(err, ERR_INPUT, "origin",
                       "The address is no https address (http is for loopback only).");
}

/* Letters, digits, '-' in labels of 1..63 (RFC 1123 2.1); that covers IPv4 addresses too. */
static bool is_host_name(struct sv host) {
    struct sv label;
    for (bool is_more = host.len > 0 && host.len <= 253; is_more;) {
        is_more = sv_cut(host, '.', &label, &host);
        if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' ||
            label.ptr[label.len - 1] == '-') {
            return false;
        }
        for (size_t i = 0; i < label.len; i++) {
            char c = label.ptr[i];
            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
                return false;
            }
        }
        if (!is_more) {
            return true;
        }
    }
    return false;
}

static bool is_loopback(struct sv host) {
    struct sv rest = host;
    if (sv_eq(host, SV("localhost")) || sv_eq(host, SV("[::1]"))) {
        return true;
    }
    for (int i = 0; i < 4; i++) {
        struct sv part;
        int64_t n = 0;
        bool is_more = sv_cut(rest, '.', &part, &rest);
        if (is_more != (i < 3) || !num_parse_i64(part, i == 0 ? 127 : 0, i == 0 ? 127 : 255, &n)) {
            return false;
        }
    }
    return true;
}

static struct sv lower(struct arena *a, struct sv s) {
    char *p = sv_c(a, s);
    for (size_t i = 0; i < s.len; i++) {
        p[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ? p[i] - 'A' + 'a' : p[i]);
    }
    return sv_of(p, s.len);
}

bool web_origin(struct arena *a, struct sv url, struct sv *out, struct err *err) {
    bool is_https = sv_eq_nocase(sv_head(url, 8), SV("https://"));
    if (!is_https && !sv_eq_nocase(sv_head(url, 7), SV("http://"))) {
        return denied(err);
    }
    struct sv rest = sv_skip(url, is_https ? 8 : 7);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?' && rest.ptr[end] != '#') {
        end++;
    }
    struct sv authority = lower(a, sv_head(rest, end));
    struct sv host = authority;
    struct sv port = SV("");
    bool has_port = false;
    if (sv_starts(authority, SV("[::1]"))) {
        host = sv_head(authority, 5);
        struct sv tail = sv_skip(authority, 5);
        has_port = tail.len > 0;
        if (has_port && tail.ptr[0] != ':') {
            return denied(err);
        }
        port = sv_skip(tail, 1);
    } else {
        has_port = sv_cut(authority, ':', &host, &port);
    }
    int64_t number = is_https ? 443 : 80;
    if (!(is_host_name(host) || sv_eq(host, SV("[::1]"))) || (!is_https && !is_loopback(host)) ||
        (has_port && !num_parse_i64(port, 1, 65535, &number))) {
        return denied(err);
    }
    bool is_default = number == (is_https ? 443 : 80);
    *out = is_default
               ? sv_printf(a, "http%s://%.*s", is_https ? "s" : "", SV_ARG(host))
               : sv_printf(a, "http%s://%.*s:%d", is_https ? "s" : "", SV_ARG(host), (int)number);
    return true;
}

bool web_same_origin_check(const struct web_request *req, struct sv own_origin, struct err *err) {
    struct sv site = web_header(req, "Sec-Fetch-Site");
    struct sv origin = web_header(req, "Origin");
    bool is_site_good = sv_eq(site, SV("same-origin")) || sv_eq(site, SV("none"));
    bool is_origin_good = sv_eq(origin, own_origin);
    bool is_unsaid = origin.len == 0 || sv_eq(origin, SV("null"));
    /* An Origin that is ours decides: no other page can send it, whatever the site is said to be.
     */
    bool is_good =
        is_origin_good || (site.len > 0 ? is_site_good && is_unsaid : sv_eq(origin, SV("null")));
    return is_good ||
           err_because(
               err, ERR_DENIED, "cross_site",
               "This was sent from a page of another site. Open the page here and try again.");
}
