/* Origins (RFC 6454) and the check that a change comes from our own pages. */
#pragma once
#include "web_request.h"

/* "https://host[:port]" of a URL, lower case, default port dropped; http only for loopback
 * (127.0.0.0/8, [::1], localhost). Host names are letters, digits, '-' and '.'. *out lives in `a`.
 * Fails: ERR_INPUT, reason "origin". */
NODISCARD bool web_origin(struct arena *a, struct sv url, struct sv *out, struct err *err);

/* Whether a request that changes something was sent by a page of ours, as far as the browser tells:
 * Origin must be `own_origin` where it says one, which is enough (WebKit calls a form that opens a
 * window from a foreign frame cross-site); otherwise Sec-Fetch-Site must be same-origin (or none)
 * where it is sent. Under our own no-referrer policy browsers send "Origin: null" with forms, so
 * null alone decides nothing: the page's own token, which is checked besides, does. Fails:
 * ERR_DENIED, reason "cross_site". */
NODISCARD bool web_same_origin_check(const struct web_request *req, struct sv own_origin,
                                     struct err *err);
