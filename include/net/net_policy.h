/* Which hosts, ports and addresses Laurel may connect to (DESIGN 3.5 `outbound_allow`, 7
 * "Outbound"; reference attacks.md G1-G6, G10). Pure: no I/O, safe from any thread once parsed.
 *
 * Public https hosts on port 443 are always allowed. An entry "host:port" allows that host, at that
 * port, also to have a private address; an entry "10.2.0.0/16" allows every address in it, at port
 * 443. Plain http is for loopback hosts that are listed with their port. Everything else is
 * refused. URLs are judged before the request (net_policy_url), addresses once more at connect
 * (net_policy_address), so that a name that changes its address between the two gains nothing. */
#pragma once
#include "base_str.h"
#include <sys/socket.h>

#define NET_POLICY_ENTRIES_MAX 256
#define NET_URL_MAX 8192

/* What a request is for (DESIGN 7). */
enum net_class {
    NET_CLASS_PLATFORM,     /* hosts of a registration or of a grade source */
    NET_CLASS_VERIFICATION, /* public https only, whatever outbound_allow says; GET; no credentials
                             */
    NET_CLASS_OPERATOR      /* named in the configuration by the operator */
};

struct net_policy_entry {
    bool is_network;
    struct sv host;            /* lower case, no brackets; when not is_network */
    int port;                  /* when not is_network */
    unsigned char network[16]; /* IPv4 as ::ffff:a.b.c.d; when is_network */
    int prefix_bits;           /* 0..128 */
};

struct net_policy {
    const struct net_policy_entry *entries;
    size_t count;
};

/* Read the entries of `outbound_allow`: "lms.school.internal:8443", "[::1]:8081", "10.2.0.0/16",
 * "fd00::/8". The policy lives in `a`. Fails: ERR_INPUT naming the entry. */
NODISCARD bool net_policy_parse(struct arena *a, const struct sv *entries, size_t count,
                                struct net_policy *out, struct err *err);

/* A URL taken apart and judged. Texts live in the arena. */
struct net_url {
    const char *text; /* for libcurl: numeric hosts made plain, no fragment */
    struct sv host;   /* lower case, no brackets, no zone */
    struct sv origin; /* "https://host:port", port always there */
    struct sv path;   /* as sent, at least "/" */
    int port;
    bool is_tls;
};

/* Take a URL apart and refuse what is malformed, without judging host or port. Fails: ERR_UPSTREAM
 * "url", retry PARK. */
NODISCARD bool net_url_split(struct arena *a, struct sv url, struct net_url *out, struct err *err);

/* Judge a URL: https (http only for listed loopback), no user, no control characters, spaces or
 * backslashes, port 443 unless listed; a fragment is dropped. A numeric host is judged as the
 * address it means. Fails: ERR_UPSTREAM "policy", retry PARK, with what to add to outbound_allow.
 */
NODISCARD bool net_policy_url(const struct net_policy *policy, struct arena *a,
                              enum net_class net_class, struct sv url, struct net_url *out,
                              struct err *err);

/* May a connection for `url` go to this address? Decides on the address itself. */
NODISCARD bool net_policy_address(const struct net_policy *policy, enum net_class net_class,
                                  const struct net_url *url, const struct sockaddr *address);

/* True for globally reachable unicast addresses only: loopback, private, link-local, shared
 * (100.64/10), unique local, multicast, reserved, documentation, and what embeds IPv4 (mapped,
 * 64:ff9b::/96, 6to4, Teredo) are not public. Anything but AF_INET and AF_INET6 is not. */
bool net_address_is_public(const struct sockaddr *address);

/* Same scheme, host and port. False when either is no http(s) URL. */
NODISCARD bool net_url_same_origin(struct arena *a, struct sv left, struct sv right);
