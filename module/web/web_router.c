#include "web_router.h"

static bool arg_add(struct web_request *req, struct sv name, struct sv value) {
    if (value.len == 0 || req->arg_count == WEB_ARGS_MAX) {
        return false;
    }
    req->args[req->arg_count++] = (struct web_pair){.name = name, .value = value};
    return true;
}

/* ":name" or ":name.json" against one segment. */
static bool segment_take(struct web_request *req, struct sv pattern, struct sv segment) {
    struct sv name = sv_head(pattern, sv_find(pattern, '.'));
    struct sv ending = sv_skip(pattern, name.len);
    if (!sv_ends(segment, ending)) {
        return false;
    }
    return arg_add(req, sv_skip(name, 1), sv_head(segment, segment.len - ending.len));
}

static bool matches(struct sv pattern, struct web_request *req) {
    struct sv path = sv_skip(req->path, 1);
    pattern = sv_skip(pattern, 1);
    req->arg_count = 0;
    for (;;) {
        struct sv want;
        struct sv have;
        if (pattern.len > 0 && pattern.ptr[0] == '*') {
            return arg_add(req, sv_skip(pattern, 1), path);
        }
        bool is_more_wanted = sv_cut(pattern, '/', &want, &pattern);
        bool is_more_there = sv_cut(path, '/', &have, &path);
        bool is_good =
            want.len > 0 && want.ptr[0] == ':' ? segment_take(req, want, have) : sv_eq(want, have);
        if (!is_good || is_more_wanted != is_more_there) {
            return false;
        }
        if (!is_more_wanted) {
            return true;
        }
    }
}

static struct sv allow(struct arena *a, unsigned long methods) {
    static const struct {
        enum web_method method;
        const char *name;
    } names[] = {{WEB_GET, "GET"},        {WEB_HEAD, "HEAD"},   {WEB_POST, "POST"},
                 {WEB_PUT, "PUT"},        {WEB_PATCH, "PATCH"}, {WEB_DELETE, "DELETE"},
                 {WEB_OPTIONS, "OPTIONS"}};
    struct str out;
    str_init(&out, a, 64);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if ((methods & names[i].method) != 0) {
            str_add_c(&out, out.len > 0 ? ", " : "");
            str_add_c(&out, names[i].name);
        }
    }
    return str_sv(&out);
}

bool web_router_find(const struct web_router *r, struct web_request *req, struct web_response *resp,
                     const struct web_route **out, struct err *err) {
    unsigned long allowed = 0;
    for (size_t i = 0; i < r->count; i++) {
        if (!matches(sv_from(r->routes[i].pattern), req)) {
            continue;
        }
        unsigned long methods = r->routes[i].methods;
        methods |= (methods & WEB_GET) != 0 ? WEB_HEAD : 0;
        if ((methods & req->method) != 0) {
            *out = &r->routes[i];
            return true;
        }
        allowed |= methods;
    }
    req->arg_count = 0;
    if (allowed == 0) {
        return err_because(err, ERR_NOT_FOUND, "route", "There is no page at this address.");
    }
    if (!web_header_add(resp, "Allow", allow(req->arena, allowed), err)) {
        return false;
    }
    return err_because(err, ERR_INPUT, "method",
                       "This address does not take that kind of request.");
}
