#include "lti_url.h"
#include "base_num.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_name_char(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
}

static bool is_address_char(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

static bool chars_are_fit(struct sv text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\') {
            return false;
        }
    }
    return true;
}

/* Bytes of the host at the start of the authority, 0 when it is none. */
static size_t host_len(struct sv authority) {
    size_t n = 0;
    if (authority.len > 0 && authority.ptr[0] == '[') {
        for (n = 1; n < authority.len && is_address_char(authority.ptr[n]); n++) {
        }
        return n > 2 && n < authority.len && authority.ptr[n] == ']' ? n + 1 : 0;
    }
    if (authority.len > 0 && (authority.ptr[0] == '.' || authority.ptr[0] == '-')) {
        return 0;
    }
    while (n < authority.len && is_name_char(authority.ptr[n])) {
        n++;
    }
    return n;
}

bool lti_url_read(struct sv text, struct lti_url *out) {
    *out = (struct lti_url){0};
    if (text.len > LTI_URL_MAX || !chars_are_fit(text)) {
        return false;
    }
    out->is_tls = sv_starts(text, SV("https://"));
    if (!out->is_tls && !sv_starts(text, SV("http://"))) {
        return false;
    }
    struct sv tail = sv_skip(text, out->is_tls ? 8 : 7);
    size_t end = 0;
    while (end < tail.len && tail.ptr[end] != '/' && tail.ptr[end] != '?' && tail.ptr[end] != '#') {
        end++;
    }
    struct sv authority = sv_head(tail, end);
    size_t len = host_len(authority);
    if (len == 0) {
        return false;
    }
    out->host = sv_head(authority, len);
    out->rest = sv_skip(tail, end);
    out->port = out->is_tls ? 443 : 80;
    if (len == authority.len) {
        return true;
    }
    int64_t port = 0;
    struct sv digits = sv_skip(authority, len + 1);
    if (authority.ptr[len] != ':' || digits.len == 0 || !is_digit(digits.ptr[0]) ||
        !num_parse_i64(digits, 1, 65535, &port)) {
        return false;
    }
    out->port = (int)port;
    return true;
}

bool lti_url_same_origin(struct lti_url left, struct lti_url right) {
    return left.is_tls == right.is_tls && left.port == right.port && left.host.len > 0 &&
           sv_eq_nocase(left.host, right.host);
}

bool lti_url_is_loopback(struct lti_url url) {
    if (sv_eq_nocase(url.host, SV("localhost")) || sv_eq(url.host, SV("[::1]"))) {
        return true;
    }
    struct sv rest = url.host;
    for (int i = 0; i < 4; i++) {
        struct sv part;
        int64_t n = 0;
        bool has_more = sv_cut(rest, '.', &part, &rest);
        bool is_plain =
            part.len > 0 && is_digit(part.ptr[0]) && (part.len == 1 || part.ptr[0] != '0');
        if (has_more != (i < 3) || !is_plain || !num_parse_i64(part, 0, 255, &n) ||
            (i == 0 && n != 127)) {
            return false;
        }
    }
    return true;
}

bool lti_url_is_safe(struct sv text) {
    struct lti_url url;
    return lti_url_read(text, &url) && (url.is_tls || lti_url_is_loopback(url));
}
