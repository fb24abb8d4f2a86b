#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web_origin.h"
#include "web_request.h"
#include <string.h>

#define PARAMS_MAX 8

static bool read_request(struct arena *a, const char *const *params, struct web_request *req,
                         size_t *length, struct err *err) {
    char **copy = ARENA_ARRAY(a, char *, PARAMS_MAX + 1);
    for (size_t i = 0; i < PARAMS_MAX && params[i] != NULL; i++) {
        copy[i] = sv_c(a, sv_from(params[i]));
    }
    return web_request_read(a, copy, 1000, req, length, err);
}

static struct web_request request(struct arena *a, const char *header) {
    const char *params[] = {"REQUEST_METHOD=GET", "REQUEST_URI=/", header, NULL};
    struct web_request req;
    struct err err = {0};
    size_t length = 0;
    assert_true(read_request(a, params, &req, &length, &err));
    return req;
}

static void request_read__normalises_the_path_once(void **state) {
    (void)state;
    static const struct {
        const char *uri, *path, *query;
    } rows[] = {
        {"REQUEST_URI=/", "/", ""},
        {"REQUEST_URI=/?", "/", ""},
        {"REQUEST_URI=/a/b/", "/a/b/", ""},
        {"REQUEST_URI=/%61%2Db?x=%2e%2e/&y=a?b", "/a-b", "x=%2e%2e/&y=a?b"},
        {"REQUEST_URI=/caf%C3%A9", "/caf\xc3\xa9", ""},
        {"REQUEST_URI=/a+b", "/a+b", ""},
        {"REQUEST_URI=/...", "/...", ""},
        {"REQUEST_URI=/%252e%252e/", "/%2e%2e/", ""}, /* decoded once only */
        {"REQUEST_URI=/A", "/A", ""},
        {"REQUEST_URI=/.well-known/jwks.json", "/.well-known/jwks.json", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        const char *params[] = {"REQUEST_METHOD=GET", rows[i].uri, NULL};
        struct web_request req;
        struct err err = {0};
        size_t length = 0;
        if (!read_request(&a, params, &req, &length, &err) ||
            !sv_eq(req.path, sv_from(rows[i].path)) || !sv_eq(req.query, sv_from(rows[i].query))) {
            fail_msg("%s: %.*s ? %.*s (%s)", rows[i].uri, SV_ARG(req.path), SV_ARG(req.query),
                     err.text);
        }
    }
}

static void request_read__refuses_path_tricks(void **state) {
    (void)state;
    static const char *const rows[] = {
        "REQUEST_URI=",       "REQUEST_URI=a",
        "REQUEST_URI=*",      "REQUEST_URI=http://x/",
        "REQUEST_URI=//",     "REQUEST_URI=/a//b",
        "REQUEST_URI=/a/./b", "REQUEST_URI=/a/../b",
        "REQUEST_URI=/..",    "REQUEST_URI=/a/%2e%2e/b",
        "REQUEST_URI=/%2E.",  "REQUEST_URI=/a%2fb",
        "REQUEST_URI=/a%5Cb", "REQUEST_URI=/a\\b",
        "REQUEST_URI=/a;b=c", "REQUEST_URI=/a%3Bb",
        "REQUEST_URI=/a%00",  "REQUEST_URI=/a%0d%0ab",
        "REQUEST_URI=/a%7f",  "REQUEST_URI=/a%zz",
        "REQUEST_URI=/a%4",   "REQUEST_URI=/a%",
        "REQUEST_URI=/%ff",   "REQUEST_URI=/%c0%af",
        "DOCUMENT_URI=/a",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        const char *params[] = {"REQUEST_METHOD=GET", rows[i], NULL};
        struct web_request req;
        struct err err = {0};
        size_t length = 0;
        if (read_request(&a, params, &req, &length, &err)) {
            fail_msg("%s became %.*s", rows[i], SV_ARG(req.path));
        }
        assert_string_equal(err.reason, "path");
    }
}

static void request_read__bounds_path_and_query(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_request req;
    size_t length = 0;
    for (int is_query = 0; is_query < 2; is_query++) {
        size_t max = is_query ? WEB_QUERY_MAX_BYTES : WEB_PATH_MAX_BYTES;
        for (size_t over = 0; over < 2; over++) {
            struct str uri;
            str_init(&uri, &a, 100000);
            str_add_c(&uri, is_query ? "REQUEST_URI=/?" : "REQUEST_URI=/");
            for (size_t i = is_query ? 0 : 1; i < max + over; i++) {
                str_add_char(&uri, 'a');
            }
            const char *params[] = {"REQUEST_METHOD=GET", uri.ptr, NULL};
            struct err err = {0};
            assert_int_equal(read_request(&a, params, &req, &length, &err), over == 0);
        }
    }
}

static void request_read__reads_methods_types_and_lengths(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const char *params[] = {"REQUEST_METHOD=POST",   "REQUEST_URI=/x",
                            "CONTENT_LENGTH=1000",   "CONTENT_TYPE=Application/JSON; charset=UTF-8",
                            "REMOTE_ADDR=192.0.2.1", NULL};
    struct web_request req;
    struct err err = {0};
    size_t length = 0;
    assert_true(read_request(&a, params, &req, &length, &err));
    assert_int_equal(req.method, WEB_POST);
    assert_int_equal(length, 1000);
    assert_true(sv_eq(req.content_type, SV("application/json")));
    assert_true(sv_eq(req.remote_address, SV("192.0.2.1")));
    params[2] = "CONTENT_LENGTH=1001";
    assert_false(read_request(&a, params, &req, &length, &err));
    assert_string_equal(err.reason, "body_size");
    params[3] = "CONTENT_TYPE=multipart/form-data; boundary=x";
    err = (struct err){0};
    assert_true(read_request(&a, params, &req, &length, &err));
    static const char *const odd[] = {"TRACE", "CONNECT", "options", "get", "", "POSTX"};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        params[0] = arena_printf(&a, "REQUEST_METHOD=%s", odd[i]);
        assert_true(read_request(&a, params, &req, &length, &err));
        assert_int_equal(req.method, WEB_OTHER);
    }
    params[0] = "REQUEST_METHOD=OPTIONS";
    assert_true(read_request(&a, params, &req, &length, &err));
    assert_int_equal(req.method, WEB_OPTIONS);
}

static void header__is_found_by_its_http_name(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_request req = request(&a, "HTTP_SEC_FETCH_SITE=same-origin");
    assert_true(sv_eq(web_header(&req, "Sec-Fetch-Site"), SV("same-origin")));
    assert_true(sv_eq(web_header(&req, "sec-fetch-site"), SV("same-origin")));
    assert_int_equal(web_header(&req, "Sec-Fetch").len, 0);
}

static void cookie__is_read_strictly(void **state) {
    (void)state;
    static const struct {
        const char *header, *value; /* NULL: refused */
    } rows[] = {
        {"HTTP_COOKIE=s=abc", "abc"},
        {"HTTP_COOKIE=a=1; s=abc; b=2", "abc"},
        {"HTTP_COOKIE=s=a=b", "a=b"},
        {"HTTP_COOKIE=s=", ""},
        {"HTTP_COOKIE=s=abc; s=abc", NULL},
        {"HTTP_COOKIE=s=abc; x=1;s=evil", NULL},
        {"HTTP_COOKIE=S=abc", NULL},
        {"HTTP_COOKIE=xs=abc", NULL},
        {"HTTP_COOKIE=s", NULL},
        {"HTTP_COOKIE=s=a b", NULL},
        {"HTTP_COOKIE=s=\"a\"", NULL},
        {"HTTP_COOKIE=s=a\x01", NULL},
        {"HTTP_COOKIE=", NULL},
        {"HTTP_X=s=abc", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_request req = request(&a, rows[i].header);
        struct sv value;
        bool is_there = web_cookie(&req, SV("s"), &value);
        if (is_there != (rows[i].value != NULL) ||
            (is_there && !sv_eq(value, sv_from(rows[i].value)))) {
            fail_msg("%s: %d \"%.*s\"", rows[i].header, is_there, SV_ARG(value));
        }
    }
}

static void bearer__takes_one_token(void **state) {
    (void)state;
    static const struct {
        const char *header, *token;
    } rows[] = {
        {"HTTP_AUTHORIZATION=Bearer abc.d-e_f", "abc.d-e_f"},
        {"HTTP_AUTHORIZATION=bearer abc", "abc"},
        {"HTTP_AUTHORIZATION=Basic abc", NULL},
        {"HTTP_AUTHORIZATION=Bearer ", NULL},
        {"HTTP_AUTHORIZATION=Bearer", NULL},
        {"HTTP_AUTHORIZATION=Bearer a b", NULL},
        {"HTTP_AUTHORIZATION=Bearer a\"b", NULL},
        {"HTTP_X=Bearer abc", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_request req = request(&a, rows[i].header);
        struct sv token;
        bool is_there = web_bearer(&req, &token);
        if (is_there != (rows[i].token != NULL) ||
            (is_there && !sv_eq(token, sv_from(rows[i].token)))) {
            fail_msg("%s: %d", rows[i].header, is_there);
        }
    }
}

static void prefers__compares_weights(void **state) {
    (void)state;
    static const struct {
        const char *header;
        bool is_json;
    } rows[] = {
        {"HTTP_ACCEPT=application/json", true},
        {"HTTP_ACCEPT=text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
        {"HTTP_ACCEPT=*/*", false},
        {"HTTP_X=", false},
        {"HTTP_ACCEPT=application/json, */*;q=0.5", true},
        {"HTTP_ACCEPT=text/html;q=0.4, application/*;q=0.5", true},
        {"HTTP_ACCEPT=application/json;q=0, text/html;q=0.1", false},
        {"HTTP_ACCEPT=application/json;q=x", false},
        {"HTTP_ACCEPT=application/json, text/plain, */*", true}, /* named before covered */
        {"HTTP_ACCEPT=application/json, text/html", false},
        {"HTTP_ACCEPT=application/json;q=0.5, */*", false},
        {"HTTP_ACCEPT=application/jsonx", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_request req = request(&a, rows[i].header);
        if (web_prefers(&req, "application/json") != rows[i].is_json) {
            fail_msg("%s", rows[i].header);
        }
    }
}

static void origin__is_cut_out_of_https_urls_only(void **state) {
    (void)state;
    static const struct {
        const char *url, *origin;
    } rows[] = {
        {"https://LMS.example/a?b#c", "https://lms.example"},
        {"https://lms.example:443", "https://lms.example"},
        {"https://lms.example:8443/", "https://lms.example:8443"},
        {"https://192.0.2.1/", "https://192.0.2.1"},
        {"http://127.0.0.1:8081/x", "http://127.0.0.1:8081"},
        {"http://localhost", "http://localhost"},
        {"http://[::1]:80/", "http://[::1]"},
        {"http://lms.example/", NULL},
        {"http://127.0.0.1.evil.example/", NULL},
        {"http://128.0.0.1/", NULL},
        {"https://a b/", NULL},
        {"https://a;script-src *", NULL},
        {"https://a'/", NULL},
        {"https://a,b", NULL},
        {"https://a\r\nX: y", NULL},
        {"https://*.example", NULL},
        {"https://user@lms.example/", NULL},
        {"https://-a.example", NULL},
        {"https://a..example", NULL},
        {"https://a.example.", NULL},
        {"https://", NULL},
        {"https://a:", NULL},
        {"https://a:0", NULL},
        {"https://a:65536", NULL},
        {"https://a:80x", NULL},
        {"javascript:alert(1)", NULL},
        {"//a", NULL},
        {"", NULL},
        {"https://[::1]x", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct sv out = SV("");
        bool is_good = web_origin(&a, sv_from(rows[i].url), &out, &err);
        if (is_good != (rows[i].origin != NULL) ||
            (is_good && !sv_eq(out, sv_from(rows[i].origin)))) {
            fail_msg("%s: %d %.*s", rows[i].url, is_good, SV_ARG(out));
        }
    }
}

static void same_origin_check__believes_what_browsers_say(void **state) {
    (void)state;
    static const struct {
        const char *site, *origin;
        bool is_ours;
    } rows[] = {
        {"HTTP_SEC_FETCH_SITE=same-origin", "HTTP_ORIGIN=https://us.example", true},
        {"HTTP_SEC_FETCH_SITE=same-origin", "HTTP_ORIGIN=null",
         true}, /* what no-referrer makes of a form */
        {"HTTP_SEC_FETCH_SITE=same-origin", "HTTP_X=", true},
        {"HTTP_SEC_FETCH_SITE=none", "HTTP_X=", true},
        {"HTTP_X=", "HTTP_ORIGIN=https://us.example", true},
        {"HTTP_X=", "HTTP_ORIGIN=null", true},
        {"HTTP_SEC_FETCH_SITE=cross-site", "HTTP_ORIGIN=https://us.example",
         true}, /* WebKit: a form that opens a window from a frame */
        {"HTTP_SEC_FETCH_SITE=same-site", "HTTP_ORIGIN=null", false},
        {"HTTP_SEC_FETCH_SITE=cross-site", "HTTP_ORIGIN=null", false},
        {"HTTP_SEC_FETCH_SITE=same-origin", "HTTP_ORIGIN=https://evil.example", false},
        {"HTTP_X=", "HTTP_ORIGIN=https://us.example.evil.example", false},
        {"HTTP_X=", "HTTP_ORIGIN=https://us.example/", false},
        {"HTTP_X=", "HTTP_Y=", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        const char *params[] = {"REQUEST_METHOD=POST", "REQUEST_URI=/", rows[i].site,
                                rows[i].origin, NULL};
        struct web_request req;
        struct err err = {0};
        size_t length = 0;
        assert_true(read_request(&a, params, &req, &length, &err));
        if (web_same_origin_check(&req, SV("https://us.example"), &err) != rows[i].is_ours) {
            fail_msg("%s %s", rows[i].site, rows[i].origin);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_read__normalises_the_path_once),
        cmocka_unit_test(request_read__refuses_path_tricks),
        cmocka_unit_test(request_read__bounds_path_and_query),
        cmocka_unit_test(request_read__reads_methods_types_and_lengths),
        cmocka_unit_test(header__is_found_by_its_http_name),
        cmocka_unit_test(cookie__is_read_strictly),
        cmocka_unit_test(bearer__takes_one_token),
        cmocka_unit_test(prefers__compares_weights),
        cmocka_unit_test(origin__is_cut_out_of_https_urls_only),
        cmocka_unit_test(same_origin_check__believes_what_browsers_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
