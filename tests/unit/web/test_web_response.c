#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web_response.h"
#include <string.h>

static bool has(struct sv text, const char *what) {
    return memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

static struct web_response fresh(struct arena *a) {
    struct web_response resp;
    web_response_init(&resp, a);
    return resp;
}

static void header_add__never_splits_a_header(void **state) {
    (void)state;
    static const struct {
        const char *name;
        struct sv value;
    } bad[] = {
        {"X-A", {"a\r\nSet-Cookie: b=c", 18}},
        {"X-A", {"a\n", 2}},
        {"X-A", {"a\0b", 3}},
        {"X-A", {"a\x7f", 2}},
        {"X-A", {"a\t", 2}},
        {"X A", {"a", 1}},
        {"X-A:", {"a", 1}},
        {"", {"a", 1}},
        {"X\r\nY", {"a", 1}},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        AUTO_ARENA a = {0};
        struct web_response resp = fresh(&a);
        struct err err = {0};
        if (web_header_add(&resp, bad[i].name, bad[i].value, &err)) {
            fail_msg("row %zu was sent", i);
        }
        assert_string_equal(err.reason, "header");
        assert_int_equal(resp.headers.len, 0);
    }
    AUTO_ARENA a = {0};
    struct web_response resp = fresh(&a);
    struct err err = {0};
    assert_true(web_header_add(&resp, "X-A", SV("caf\xc3\xa9; b"), &err));
    assert_string_equal(resp.headers.ptr, "X-A: caf\xc3\xa9; b\r\n");
}

static void cookie_add__writes_all_attributes(void **state) {
    (void)state;
    static const struct {
        struct web_set_cookie cookie;
        const char *line; /* NULL: refused */
    } rows[] = {
        {{.name = {"s", 1}, .value = {"abc", 3}, .max_age_s = 600},
         "Set-Cookie: __Host-s=abc; Path=/; HttpOnly; Max-Age=600; Secure; SameSite=None; "
         "Partitioned\r\n"},
        {{.name = {"s", 1}, .value = {"", 0}, .max_age_s = 0},
         "Set-Cookie: __Host-s=; Path=/; HttpOnly; Max-Age=0; Secure; SameSite=None; "
         "Partitioned\r\n"},
        {{.name = {"s", 1}, .value = {"a", 1}, .max_age_s = -1, .is_insecure = true},
         "Set-Cookie: s=a; Path=/; HttpOnly; SameSite=Lax\r\n"},
        {{.name = {"s", 1}, .value = {"a;b", 3}}, NULL},
        {{.name = {"s", 1}, .value = {"a\r\nb", 4}}, NULL},
        {{.name = {"s", 1}, .value = {"a b", 3}}, NULL},
        {{.name = {"s=", 2}, .value = {"a", 1}}, NULL},
        {{.name = {"", 0}, .value = {"a", 1}}, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_response resp = fresh(&a);
        struct err err = {0};
        assert_int_equal(web_cookie_add(&resp, &rows[i].cookie, &err), rows[i].line != NULL);
        assert_string_equal(resp.headers.ptr, rows[i].line == NULL ? "" : rows[i].line);
    }
}

static void see_other__goes_to_own_paths_and_https_only(void **state) {
    (void)state;
    static const struct {
        const char *location;
        bool is_good;
    } rows[] = {{"/app/l/1", true},
                {"https://lms.example/x?a=b", true},
                {"http://127.0.0.1:80/", true},
                {"//evil.example", false},
                {"http://lms.example/", false},
                {"javascript:1", false},
                {"/a\r\nX: y", false},
                {"/caf\xc3\xa9", false},
                {"", false},
                {"app", false},
                {"/\\evil", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct web_response resp = fresh(&a);
        struct err err = {0};
        if (web_see_other(&resp, sv_from(rows[i].location), &err) != rows[i].is_good) {
            fail_msg("%s", rows[i].location);
        }
        assert_int_equal(resp.status, rows[i].is_good ? 303 : 200);
    }
}

static void head__carries_the_policy_of_a_page(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_response resp = fresh(&a);
    struct err err = {0};
    web_html(&resp, 200);
    str_add_c(&resp.body, "<p>");
    struct sv head = web_response_head(&resp, "0123456789abcdef");
    assert_true(sv_starts(head, SV("Status: 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
                                   "Content-Length: 3\r\nX-Request-Id: 0123456789abcdef\r\n")));
    assert_true(has(
        head, "Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; "
              "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
              "base-uri 'none'; frame-ancestors 'none'\r\n"));
    assert_true(has(head, "Cross-Origin-Opener-Policy: same-origin\r\n"));
    assert_true(has(head, "Cache-Control: no-store\r\n"));
    assert_true(sv_ends(head, SV("\r\n\r\n")));

    assert_true(web_csp_frame(&resp, SV("https://lms.example/mod/lti"), &err));
    assert_true(web_csp_frame(&resp, SV("https://other.example:8443"), &err));
    assert_true(web_csp_form(&resp, SV("https://lms.example/return"), &err));
    head = web_response_head(&resp, "");
    assert_true(has(head, "form-action 'self' https://lms.example; base-uri 'none'; "
                          "frame-ancestors https://lms.example https://other.example:8443\r\n"));
    assert_false(has(head, "Cross-Origin-Opener-Policy"));
}

static void csp__refuses_origins_that_would_add_directives(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_response resp = fresh(&a);
    struct err err = {0};
    assert_false(web_csp_frame(&resp, SV("https://a.example; script-src *"), &err));
    assert_false(web_csp_form(&resp, SV("*"), &err));
    assert_false(web_csp_frame(&resp, SV("'self'"), &err));
    assert_string_equal(err.reason, "origin");
    assert_false(web_csp_frame_below(&resp, SV("*"), &err));
    assert_false(web_csp_frame_below(&resp, SV("a.example; script-src *"), &err));
    for (int i = 0; i < WEB_CSP_ORIGINS_MAX; i++) {
        assert_true(web_csp_frame(&resp, sv_printf(&a, "https://a%d.example", i), &err));
    }
    assert_false(web_csp_frame(&resp, SV("https://b.example"), &err));
}

static void csp__names_each_ancestor_once_and_the_hosts_below_a_domain(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_response resp = fresh(&a);
    struct err err = {0};
    web_html(&resp, 200);
    assert_true(web_csp_frame(&resp, SV("https://lms.example/auth?x=1"), &err));
    assert_true(web_csp_frame(&resp, SV("https://LMS.example:443"), &err));
    assert_true(web_csp_frame_below(&resp, SV("instructure.com"), &err));
    assert_true(has(web_response_head(&resp, ""),
                    "; frame-ancestors https://lms.example https://*.instructure.com\r\n"));
}

static void head__fits_each_kind_of_body(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_response resp = fresh(&a);
    web_bytes(&resp, 200, "image/svg+xml; charset=utf-8", SV("<svg/>"));
    resp.cache = WEB_CACHE_IMMUTABLE;
    struct sv head = web_response_head(&resp, "");
    assert_true(has(head, "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
                          "img-src data:; sandbox\r\n"));
    assert_true(has(head, "Cache-Control: public, max-age=31536000, immutable\r\n"));
    assert_true(has(head, "Content-Length: 6\r\n"));
    web_bytes(&resp, 200, "application/pdf", SV("%PDF"));
    assert_true(
        has(web_response_head(&resp, ""), "Content-Security-Policy: frame-ancestors 'none'\r\n"));
    resp.status = 304;
    assert_false(has(web_response_head(&resp, ""), "Content-Length"));
}

static void response_reset__takes_back_everything(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_response resp = fresh(&a);
    struct err err = {0};
    web_html(&resp, 200);
    str_add_c(&resp.body, "secret");
    assert_true(
        web_cookie_add(&resp, &(struct web_set_cookie){.name = SV("s"), .value = SV("v")}, &err));
    assert_true(web_csp_frame(&resp, SV("https://a.example"), &err));
    resp.cache = WEB_CACHE_IMMUTABLE;
    web_response_reset(&resp);
    struct sv head = web_response_head(&resp, "");
    assert_false(has(head, "Set-Cookie"));
    assert_false(has(head, "a.example"));
    assert_true(has(head, "no-store"));
    assert_int_equal(web_response_body(&resp).len, 0);
}

static void json__and_attachment_are_written(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct web_response resp = fresh(&a);
    struct err err = {0};
    AUTO_JSON *value = json_pack("{s:[i,s]}", "a", 1, "b");
    assert_true(web_json(&resp, 201, NULL, value, &err));
    assert_true(sv_eq(web_response_body(&resp), SV("{\"a\":[1,\"b\"]}")));
    assert_true(web_attachment(&resp, SV("../caf\xc3\xa9 \"x\".csv"), &err));
    assert_true(has(str_sv(&resp.headers),
                    "Content-Disposition: attachment; filename=\"-.-caf----x-.csv\"; "
                    "filename*=UTF-8''..%2Fcaf%C3%A9%20%22x%22.csv\r\n"));
}

static void error_status__maps_codes_and_reasons(void **state) {
    (void)state;
    static const struct {
        const char *reason;
        enum err_code code;
        int status;
    } rows[] = {{"", ERR_INPUT, 400},
                {"", ERR_DENIED, 403},
                {"", ERR_NOT_FOUND, 404},
                {"", ERR_CONFLICT, 409},
                {"", ERR_UPSTREAM, 502},
                {"", ERR_DB, 503},
                {"", ERR_BUG, 500},
                {"method", ERR_INPUT, 405},
                {"body_size", ERR_INPUT, 413},
                {"content_type", ERR_INPUT, 415},
                {"busy", ERR_UPSTREAM, 503},
                {"rate", ERR_DENIED, 429}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        (void)err_because(&err, rows[i].code, rows[i].reason, "x");
        assert_int_equal(web_error_status(&err), rows[i].status);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_add__never_splits_a_header),
        cmocka_unit_test(cookie_add__writes_all_attributes),
        cmocka_unit_test(see_other__goes_to_own_paths_and_https_only),
        cmocka_unit_test(head__carries_the_policy_of_a_page),
        cmocka_unit_test(csp__refuses_origins_that_would_add_directives),
        cmocka_unit_test(csp__names_each_ancestor_once_and_the_hosts_below_a_domain),
        cmocka_unit_test(head__fits_each_kind_of_body),
        cmocka_unit_test(response_reset__takes_back_everything),
        cmocka_unit_test(json__and_attachment_are_written),
        cmocka_unit_test(error_status__maps_codes_and_reasons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
