/* Which handler serves which path. Pure; safe from any thread. */
#pragma once
#include "web_request.h"
#include "web_response.h"

/* Pattern: "/app/l/:launch/badges/:badge". A segment ":name" takes one non-empty segment of the
 * path; all else matches byte for byte; a last segment "*name" takes the rest, slashes and all.
 * ":name.json" takes what ends so. The first route that matches wins. */
struct web_route {
    unsigned long methods; /* WEB_GET | WEB_POST; HEAD goes wherever GET goes */
    const char *pattern;
    /* Fills in resp, or returns false with err, which the caller turns into an error page. */
    bool (*handle)(void *ctx, struct web_request *req, struct web_response *resp, struct err *err);
    unsigned long flags; /* the caller's own: what the page needs (session, role, ...) */
};

struct web_router {
    const struct web_route *routes;
    size_t count;
};

/* Find the route and put its arguments into req->args. Fails: ERR_NOT_FOUND, reason "route"; or
 * ERR_INPUT, reason "method", with the Allow header already in resp. */
NODISCARD bool web_router_find(const struct web_router *r, struct web_request *req,
                               struct web_response *resp, const struct web_route **out,
                               struct err *err);
