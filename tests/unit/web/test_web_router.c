#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web_router.h"
#include <string.h>

static const struct web_route ROUTES[] = {
    {.methods = WEB_GET, .pattern = "/"},
    {.methods = WEB_GET | WEB_POST, .pattern = "/lti/login"},
    {.methods = WEB_POST, .pattern = "/lti/launch"},
    {.methods = WEB_GET, .pattern = "/app/l/:launch/badges/:badge"},
    {.methods = WEB_GET, .pattern = "/awards/:id.json"},
    {.methods = WEB_GET, .pattern = "/awards/:id"},
    {.methods = WEB_GET, .pattern = "/assets/:hash/*file"},
    {.methods = WEB_POST, .pattern = "/app/l/:launch/"},
    {.methods = WEB_GET, .pattern = "/app/l/:launch/"},
    {.methods = WEB_POST | WEB_OPTIONS, .pattern = "/oid4vci/token"},
};
static const struct web_router ROUTER = {.routes = ROUTES, .count = ARRAY_LEN(ROUTES)};

static int find(struct arena *a, enum web_method method, const char *path, struct web_request *req,
                struct web_response *resp, struct err *err) {
    *req = (struct web_request){.arena = a, .method = method, .path = sv_from(path)};
    web_response_init(resp, a);
    const struct web_route *route = NULL;
    return web_router_find(&ROUTER, req, resp, &route, err) ? (int)(route - ROUTES) : -1;
}

static void router_find__matches_exactly(void **state) {
    (void)state;
    static const struct {
        enum web_method method;
        int route;
        const char *path, *args; /* "name=value," */
    } rows[] = {
        {WEB_GET, 0, "/", ""},
        {WEB_HEAD, 0, "/", ""},
        {WEB_GET, 1, "/lti/login", ""},
        {WEB_POST, 1, "/lti/login", ""},
        {WEB_POST, 2, "/lti/launch", ""},
        {WEB_GET, 3, "/app/l/abc/badges/safe-lab", "launch=abc,badge=safe-lab,"},
        {WEB_GET, 4, "/awards/1.json", "id=1,"},
        {WEB_GET, 5, "/awards/1", "id=1,"},
        {WEB_GET, 5, "/awards/1.png", "id=1.png,"},
        {WEB_GET, 6, "/assets/ab12/css/site.css", "hash=ab12,file=css/site.css,"},
        {WEB_GET, 8, "/app/l/x/", "launch=x,"},
        {WEB_POST, 7, "/app/l/x/", "launch=x,"},
        {WEB_GET, -1, "/lti/login/", ""},
        {WEB_GET, -1, "/LTI/login", ""},
        {WEB_GET, -1, "/lti", ""},
        {WEB_GET, -1, "/app/l//badges/x", ""},
        {WEB_GET, -1, "/app/l/abc/badges/", ""},
        {WEB_GET, -1, "/app/l/abc/badges/x/y", ""},
        {WEB_GET, 5, "/awards/.json", "id=.json,"},
        {WEB_GET, -1, "/assets/ab12/", ""},
        {WEB_GET, -1, "/app/l/x", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_request req;
        struct web_response resp;
        struct err err = {0};
        int route = find(&a, rows[i].method, rows[i].path, &req, &resp, &err);
        struct str args;
        str_init(&args, &a, 1000);
        for (size_t k = 0; k < req.arg_count; k++) {
            str_addf(&args, "%.*s=%.*s,", SV_ARG(req.args[k].name), SV_ARG(req.args[k].value));
        }
        if (route != rows[i].route || strcmp(args.ptr, rows[i].args) != 0) {
            fail_msg("%s: %d %s", rows[i].path, route, args.ptr);
        }
        assert_string_equal(err.reason, route < 0 ? "route" : "");
    }
}

static void router_find__answers_405_with_allow(void **state) {
    (void)state;
    static const struct {
        enum web_method method;
        const char *path, *allow;
    } rows[] = {
        {WEB_HEAD, "/lti/launch", "Allow: POST\r\n"},
        {WEB_GET, "/lti/launch", "Allow: POST\r\n"},
        {WEB_OTHER, "/lti/login", "Allow: GET, HEAD, POST\r\n"},
        {WEB_DELETE, "/awards/1", "Allow: GET, HEAD\r\n"},
        {WEB_PUT, "/app/l/x/", "Allow: GET, HEAD, POST\r\n"},
        {WEB_OTHER, "/", "Allow: GET, HEAD\r\n"},
        {WEB_OPTIONS, "/lti/launch", "Allow: POST\r\n"}, /* only where a route says so */
        {WEB_GET, "/oid4vci/token", "Allow: POST, OPTIONS\r\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_request req;
        struct web_response resp;
        struct err err = {0};
        assert_int_equal(find(&a, rows[i].method, rows[i].path, &req, &resp, &err), -1);
        assert_int_equal(web_error_status(&err), 405);
        assert_string_equal(resp.headers.ptr, rows[i].allow);
    }
}

static void arg__is_empty_when_it_is_not_in_the_pattern(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_request req;
    struct web_response resp;
    struct err err = {0};
    assert_int_equal(find(&a, WEB_GET, "/awards/7", &req, &resp, &err), 5);
    assert_true(sv_eq(web_arg(&req, "id"), SV("7")));
    assert_int_equal(web_arg(&req, "launch").len, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(router_find__matches_exactly),
        cmocka_unit_test(router_find__answers_405_with_allow),
        cmocka_unit_test(arg__is_empty_when_it_is_not_in_the_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
