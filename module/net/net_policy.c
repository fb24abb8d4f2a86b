#include "base_num.h"
#include "net_address.h"
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

static void url_free(CURLU **u) { curl_url_cleanup(*u); }
static void text_free(char **s) { curl_free(*s); }
#define AUTO_CURLU CLEANUP(url_free) CURLU
#define AUTO_CURL_TEXT CLEANUP(text_free) char

static bool is_host_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
           c == ':';
}

/* Lower case; an IPv6 literal without brackets and in its shortest form. */
static bool host_canonical(struct arena *a, struct sv host, struct sv *out) {
    if (host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']') {
        host = sv_of(host.ptr + 1, host.len - 2);
    }
    char *copy = sv_c(a, host);
    for (size_t i = 0; i < host.len; i++) {
        if (copy[i] >= 'A' && copy[i] <= 'Z') {
            copy[i] = (char)(copy[i] - 'A' + 'a');
        }
        if (!is_host_char(copy[i])) {
            return false;
        }
    }
    *out = sv_of(copy, host.len);
    if (sv_find(host, ':') < host.len) {
        unsigned char v6[16];
        char text[INET6_ADDRSTRLEN];
        if (inet_pton(AF_INET6, copy, v6) != 1 ||
            inet_ntop(AF_INET6, v6, text, sizeof text) == NULL) {
            return false;
        }
        *out = sv_copy(a, sv_from(text));
    }
    return out->len >= 1 && out->len <= 253;
}

static bool network_parse(struct sv entry, struct net_policy_entry *out) {
    struct sv address;
    struct sv bits;
    int64_t n = 0;
    bool is_v4 = false;
    if (!sv_cut(entry, '/', &address, &bits) || !net_address_parse(address, out->network, &is_v4) ||
        !num_parse_i64(bits, 0, is_v4 ? 32 : 128, &n)) {
        return false;
    }
    out->is_network = true;
    out->prefix_bits = (int)n + (is_v4 ? 96 : 0);
    return true;
}

static bool host_port_parse(struct arena *a, struct sv entry, struct net_policy_entry *out) {
    size_t colon = entry.len;
    while (colon > 0 && entry.ptr[colon - 1] != ':') {
        colon--;
    }
    int64_t port = 0;
    if (colon == 0 || !num_parse_i64(sv_skip(entry, colon), 1, 65535, &port)) {
        return false;
    }
    struct sv host = sv_head(entry, colon - 1);
    if (sv_find(host, ':') < host.len && !sv_starts(host, SV("["))) {
        return false; /* a bare IPv6 address: where the port starts is a guess */
    }
    out->port = (int)port;
    return host_canonical(a, host, &out->host);
}

bool net_policy_parse(struct arena *a, const struct sv *entries, size_t count,
                      struct net_policy *out, struct err *err) {
    if (count > NET_POLICY_ENTRIES_MAX) {
        return err_set(err, ERR_INPUT, "outbound_allow has more than %d entries",
                       NET_POLICY_ENTRIES_MAX);
    }
    struct net_policy_entry *parsed = ARENA_ARRAY(a, struct net_policy_entry, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct sv entry = sv_trim(entries[i]);
        bool is_network = sv_find(entry, '/') < entry.len;
        if (!(is_network ? network_parse(entry, &parsed[i])
                         : host_port_parse(a, entry, &parsed[i]))) {
            return err_because(err, ERR_INPUT, "outbound_allow",
                               "outbound_allow: \"%.*s\" is neither host:port (an IPv6 address in "
                               "brackets) nor a network such as 10.2.0.0/16",
                               SV_ARG(sv_head(entry, 100)));
        }
    }
    *out = (struct net_policy){.entries = parsed, .count = count};
    return true;
}

static bool is_listed(const struct net_policy *p, struct sv host, int port) {
    for (size_t i = 0; i < p->count; i++) {
        const struct net_policy_entry *e = &p->entries[i];
        if (!e->is_network && e->port == port && sv_eq(e->host, host)) {
            return true;
        }
    }
    return false;
}

static bool is_in_network(const struct net_policy *p, const unsigned char address[16]) {
    for (size_t i = 0; i < p->count; i++) {
        const struct net_policy_entry *e = &p->entries[i];
        if (e->is_network && net_bits_match(address, e->network, e->prefix_bits)) {
            return true;
        }
    }
    return false;
}

/* A person must change the URL or the configuration first. */
#define refuse_policy(err, ...)                                                                    \
    ((void)err_because((err), ERR_UPSTREAM, "policy", __VA_ARGS__),                                \
     err_retry_as((err), ERR_RETRY_PARK))

static bool refuse_url(struct err *err, const char *why) {
    (void)err_because(err, ERR_UPSTREAM, "url", "the URL cannot be used: %s", why);
    return err_retry_as(err, ERR_RETRY_PARK);
}

/* Bytes that no URL carries (RFC 3986 2) and that parsers disagree about. */
static bool has_bad_bytes(struct sv url) {
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '\\') {
            return true;
        }
    }
    return false;
}

/* libcurl also takes "https:host" and "https:///host", which others read differently. */
static bool has_two_slashes(struct sv url) {
    size_t colon = sv_find(url, ':');
    struct sv rest = sv_skip(url, colon);
    return sv_starts(rest, SV("://")) && rest.len > 3 && rest.ptr[3] != '/';
}

bool net_url_split(struct arena *a, struct sv url, struct net_url *out, struct err *err) {
    if (url.len == 0 || url.len > NET_URL_MAX) {
        return refuse_url(err, "it is empty or too long");
    }
    if (has_bad_bytes(url)) {
        return refuse_url(err, "it has a space, a control character, a backslash or a character "
                               "outside ASCII");
    }
    if (!has_two_slashes(url)) {
        return refuse_url(err, "it is not an absolute http(s) URL");
    }
    AUTO_CURLU *u = curl_url();
    if (u == NULL) {
        return err_set(err, ERR_BUG, "no memory for a URL");
    }
    if (curl_url_set(u, CURLUPART_URL, sv_c(a, url), CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK) {
        return refuse_url(err, "it is not an absolute http(s) URL without user name");
    }
    AUTO_CURL_TEXT *scheme = NULL;
    AUTO_CURL_TEXT *host = NULL;
    AUTO_CURL_TEXT *zone = NULL;
    AUTO_CURL_TEXT *port = NULL;
    AUTO_CURL_TEXT *path = NULL;
    AUTO_CURL_TEXT *text = NULL;
    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_PATH, &path, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_URL, &text, 0) != CURLUE_OK) {
        return refuse_url(err, "it has no host");
    }
    bool is_http = strcmp(scheme, "http") == 0;
    if (!is_http && strcmp(scheme, "https") != 0) {
        return refuse_url(err, "its scheme is not https");
    }
    if (curl_url_get(u, CURLUPART_ZONEID, &zone, 0) == CURLUE_OK) {
        return refuse_url(err, "it names a network zone");
    }
    int64_t number = 0;
    if (!num_parse_i64(sv_from(port), 1, 65535, &number) ||
        !host_canonical(a, sv_from(host), &out->host)) {
        return refuse_url(err, "its host or port is malformed");
    }
    out->port = (int)number;
    out->is_tls = !is_http;
    out->text = sv_c(a, sv_from(text));
    out->path = sv_copy(a, sv_from(path));
    bool is_v6 = sv_find(out->host, ':') < out->host.len;
    out->origin = sv_printf(a, is_v6 ? "%s://[%.*s]:%d" : "%s://%.*s:%d", scheme, SV_ARG(out->host),
                            out->port);
    return true;
}

static bool is_loopback_host(struct sv host) {
    unsigned char bytes[16];
    bool is_v4 = false;
    return sv_eq(host, SV("localhost")) ||
           (net_address_parse(host, bytes, &is_v4) && net_address_is_loopback(bytes));
}

static bool literal_is_allowed(const struct net_policy *policy, enum net_class net_class,
                               const struct net_url *url) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    unsigned char bytes[16];
    bool is_v4 = false;
    if (!net_address_parse(url->host, bytes, &is_v4)) {
        return true; /* a name: judged when it has an address */
    }
    memcpy(&v4.sin_addr, bytes + 12, 4);
    memcpy(&v6.sin6_addr, bytes, 16);
    return net_policy_address(policy, net_class, url,
                              is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6);
}

bool net_policy_url(const struct net_policy *policy, struct arena *a, enum net_class net_class,
                    struct sv url, struct net_url *out, struct err *err) {
    struct net_url u = {0};
    if (!net_url_split(a, url, &u, err)) {
        return false;
    }
    bool is_verification = net_class == NET_CLASS_VERIFICATION;
    bool listed = !is_verification && is_listed(policy, u.host, u.port);
    if (!u.is_tls && is_verification) {
        return refuse_policy(err, "%.*s (port %d) is not reached: only public https is",
                             SV_ARG(u.host), u.port);
    }
    if (!u.is_tls && !(listed && is_loopback_host(u.host))) {
        return refuse_policy(
            err,
            "%.*s (port %d) is not reached over http: use https, or, for this machine "
            "itself, list it as host:port in outbound_allow",
            SV_ARG(u.host), u.port);
    }
    if (u.is_tls && u.port != 443 && !listed) {
        return refuse_policy(
            err, "%.*s is not reached at port %d: list it as host:port in outbound_allow",
            SV_ARG(u.host), u.port);
    }
    if (!literal_is_allowed(policy, net_class, &u)) {
        return refuse_policy(err,
                             "%.*s (port %d) is a private address: list it in outbound_allow if a "
                             "platform lives there",
                             SV_ARG(u.host), u.port);
    }
    *out = u;
    return true;
}

bool net_policy_address(const struct net_policy *policy, enum net_class net_class,
                        const struct net_url *url, const struct sockaddr *address) {
    unsigned char bytes[16];
    if (!net_address_bytes(address, bytes)) {
        return false;
    }
    if (net_class == NET_CLASS_VERIFICATION) {
        return url->is_tls && url->port == 443 && net_address_is_public(address);
    }
    bool listed = is_listed(policy, url->host, url->port);
    if (!url->is_tls) {
        return listed && net_address_is_loopback(bytes);
    }
    if (listed) {
        return true;
    }
    return url->port == 443 && (net_address_is_public(address) || is_in_network(policy, bytes));
}

bool net_url_same_origin(struct arena *a, struct sv left, struct sv right) {
    struct net_url l = {0};
    struct net_url r = {0};
    return net_url_split(a, left, &l, NULL) && net_url_split(a, right, &r, NULL) &&
           sv_eq(l.origin, r.origin);
}
