/* A strict look at http and https URLs (RFC 3986 3): enough to compare origins without surprises.
 */
#pragma once
#include "base_str.h"

#define LTI_URL_MAX 4096

/* Borrowed from the text that was read. */
struct lti_url {
    bool is_tls;
    struct sv host; /* as written, IPv6 with its brackets; compare without case */
    int port;       /* 443 and 80 when not written */
    struct sv rest; /* path, query and fragment; may be empty */
};

/* False unless printable ASCII without space, quote, angle bracket or backslash, lower-case scheme
 * http or https, no user, a host of letters, digits, '-', '_' and '.' (or a bracketed IPv6 address)
 * and a port of 1..65535. */
NODISCARD bool lti_url_read(struct sv text, struct lti_url *out);
/* Same scheme, host and port (RFC 6454 5). */
bool lti_url_same_origin(struct lti_url left, struct lti_url right);
/* localhost, 127.0.0.0/8 in plain notation, or [::1]. */
bool lti_url_is_loopback(struct lti_url url);
/* A URL Laurel may send people or requests to: https, or http on loopback. */
NODISCARD bool lti_url_is_safe(struct sv text);
