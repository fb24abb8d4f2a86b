#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lti_url.h"

static void lti_url_read__takes_plain_urls_apart(void **state) {
    (void)state;
    static const struct {
        const char *text, *host, *rest;
        int port;
        bool is_tls;
    } rows[] = {
        {"https://a.example", "a.example", "", 443, true},
        {"https://a.example/", "a.example", "/", 443, true},
        {"https://A.Example:8443/p?q#f", "A.Example", "/p?q#f", 8443, true},
        {"http://127.0.0.1:8101/x", "127.0.0.1", "/x", 8101, false},
        {"http://[::1]:80", "[::1]", "", 80, false},
        {"https://a?q=//b@c", "a", "?q=//b@c", 443, true},
        {"https://a#@b", "a", "#@b", 443, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].text);
        struct lti_url url;
        assert_true(lti_url_read(sv_from(rows[i].text), &url));
        assert_true(sv_eq(url.host, sv_from(rows[i].host)));
        assert_true(sv_eq(url.rest, sv_from(rows[i].rest)));
        assert_int_equal(url.port, rows[i].port);
        assert_int_equal(url.is_tls, rows[i].is_tls);
    }
}

static void lti_url_read__refuses_what_browsers_read_in_surprising_ways(void **state) {
    (void)state;
    static const char *const rows[] = {"",
                                       "https://",
                                       "https:///path",
                                       "HTTPS://a.example",
                                       "javascript:alert(1)",
                                       "//a.example/x",
                                       "/x",
                                       "ftp://a.example",
                                       "https:a.example",
                                       "https:\\\\a.example",
                                       "https://a.example\\@evil.example",
                                       "https://tool@evil.example/",
                                       "https://user:word@a.example/",
                                       "https://a.example:0/",
                                       "https://.example/",
                                       "https://-a.example/",
                                       "https://a.example:65536/",
                                       "https://a.example:/",
                                       "https://a.example:+443/",
                                       "https://a.example:443x/",
                                       "https://a%2eexample/",
                                       "https://a example/",
                                       " https://a.example/",
                                       "https://a.example/\n",
                                       "https://a.example/\"x",
                                       "https://a.example/<x",
                                       "https://\xc3\xa9.example/",
                                       "https://a.example/\xc3\xa9",
                                       "https://[::1",
                                       "https://[]/",
                                       "https://[::1]x/",
                                       "https://[g::1]/"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lti_url url;
        if (lti_url_read(sv_from(rows[i]), &url)) {
            fail_msg("\"%s\" was taken", rows[i]);
        }
    }
}

static bool same(const char *left, const char *right) {
    struct lti_url a;
    struct lti_url b;
    assert_true(lti_url_read(sv_from(left), &a));
    assert_true(lti_url_read(sv_from(right), &b));
    return lti_url_same_origin(a, b);
}

static void lti_url_same_origin__compares_scheme_host_and_port(void **state) {
    (void)state;
    assert_true(same("https://a.example/x", "https://A.EXAMPLE:443/y"));
    assert_true(same("http://localhost:80", "http://localhost"));
    assert_false(same("https://a.example", "http://a.example"));
    assert_false(same("https://a.example:443", "http://a.example:443"));
    assert_false(same("https://a.example", "https://a.example:444"));
    assert_false(same("https://a.example", "https://a.example."));
    assert_false(same("https://a.example", "https://b.a.example"));
    assert_false(same("https://a.example", "https://a.example.evil"));
}

static void lti_url_is_safe__is_https_or_loopback(void **state) {
    (void)state;
    assert_true(lti_url_is_safe(SV("https://10.0.0.1/")));
    assert_true(lti_url_is_safe(SV("http://localhost:8080/")));
    assert_true(lti_url_is_safe(SV("http://127.0.0.1/")));
    assert_true(lti_url_is_safe(SV("http://127.255.0.9/")));
    assert_true(lti_url_is_safe(SV("http://[::1]:81/")));
    assert_false(lti_url_is_safe(SV("http://a.example/")));
    assert_false(lti_url_is_safe(SV("http://127.0.0.1.evil.example/")));
    assert_false(lti_url_is_safe(SV("http://127.1/")));
    assert_false(lti_url_is_safe(SV("http://127.0.0.256/")));
    assert_false(lti_url_is_safe(SV("http://127.0.0.01/")));
    assert_false(lti_url_is_safe(SV("http://128.0.0.1/")));
    assert_false(lti_url_is_safe(SV("http://localhost.evil.example/")));
    assert_false(lti_url_is_safe(SV("javascript:alert(1)")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_url_read__takes_plain_urls_apart),
        cmocka_unit_test(lti_url_read__refuses_what_browsers_read_in_surprising_ways),
        cmocka_unit_test(lti_url_same_origin__compares_scheme_host_and_port),
        cmocka_unit_test(lti_url_is_safe__is_https_or_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
