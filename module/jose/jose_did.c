#include "jose_did.h"
#include "base_encode.h"
#include "base_num.h"

static bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

struct sv jose_did_of(struct sv did_url) {
    if (!sv_starts(did_url, SV("did:"))) {
        return sv_of(NULL, 0);
    }
    size_t end = 0;
    while (end < did_url.len && did_url.ptr[end] != '#' && did_url.ptr[end] != '?' &&
           did_url.ptr[end] != '/') {
        end++;
    }
    return sv_head(did_url, end);
}

bool jose_did_key_text(struct sv did_url, struct sv *multikey) {
    struct sv did;
    struct sv fragment;
    bool has_fragment = sv_cut(did_url, '#', &did, &fragment);
    if (did_url.len > JOSE_DID_MAX || !sv_starts(did, SV("did:key:z"))) {
        return false;
    }
    struct sv key = sv_skip(did, sizeof "did:key:" - 1);
    for (size_t i = 0; i < key.len; i++) {
        if (!is_alnum(key.ptr[i])) {
            return false;
        }
    }
    *multikey = key;
    return !has_fragment || sv_eq(fragment, key);
}

static bool refuse(struct err *err, struct sv did, const char *why) {
    return err_because(err, ERR_INPUT, "did", "%.*s is no did:web name: %s",
                       SV_ARG(sv_clip_utf8(did, 200)), why);
}

static bool host_is_fit(struct sv host) {
    if (host.len == 0 || host.len > 253 || host.ptr[0] == '.' || host.ptr[0] == '-' ||
        host.ptr[host.len - 1] == '.') {
        return false;
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!is_alnum(host.ptr[i]) && host.ptr[i] != '-' && host.ptr[i] != '.') {
            return false;
        }
    }
    return true;
}

/* One path part: characters of a DID (DID Core 3.1), and neither empty nor dots alone, which a URL
 * would climb with. */
static bool part_is_fit(struct arena *a, struct sv part) {
    struct sv plain;
    struct err ignored = {0};
    for (size_t i = 0; i < part.len; i++) {
        char c = part.ptr[i];
        if (!is_alnum(c) && c != '-' && c != '.' && c != '_' && c != '%') {
            return false;
        }
    }
    return percent_decode(a, part, false, &plain, &ignored) && plain.len > 0 &&
           !sv_eq(plain, SV(".")) && !sv_eq(plain, SV(".."));
}

/* "host" or "host%3Aport". */
static bool authority_read(struct arena *a, struct sv text, struct sv *host, int64_t *port) {
    struct sv plain;
    struct sv digits;
    struct err ignored = {0};
    *port = 0;
    if (!percent_decode(a, text, false, &plain, &ignored)) {
        return false;
    }
    if (!sv_cut(plain, ':', host, &digits)) {
        return host_is_fit(*host);
    }
    return host_is_fit(*host) && num_parse_i64(digits, 1, 65535, port);
}

bool jose_did_web_url(struct arena *a, struct sv did, struct sv *url, struct err *err) {
    struct sv head;
    struct sv host = {0};
    struct sv rest;
    int64_t port = 0;
    if (did.len > JOSE_DID_MAX || !sv_starts(did, SV("did:web:"))) {
        return refuse(err, did, "it does not begin with did:web:");
    }
    bool has_path = sv_cut(sv_skip(did, sizeof "did:web:" - 1), ':', &head, &rest);
    if (!authority_read(a, head, &host, &port)) {
        return refuse(err, did, "its host is malformed");
    }
    struct str out;
    str_init(&out, a, (size_t)JOSE_DID_MAX * 2);
    bool is_loopback = sv_eq_nocase(host, SV("localhost")) || sv_eq(host, SV("127.0.0.1"));
    str_add_c(&out, is_loopback ? "http://" : "https://");
    str_add(&out, host);
    if (port > 0) {
        str_addf(&out, ":%d", (int)port);
    }
    if (!has_path) {
        str_add_c(&out, "/.well-known");
    }
    while (has_path) {
        has_path = sv_cut(rest, ':', &head, &rest);
        if (!part_is_fit(a, head)) {
            return refuse(err, did, "a part of its path is malformed");
        }
        str_add_char(&out, '/');
        str_add(&out, head);
    }
    str_add_c(&out, "/did.json");
    *url = str_sv(&out);
    return str_ok(&out, "the URL of a did:web name", err);
}
