#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net_policy.h"
#include <arpa/inet.h>
#include <netinet/in.h>

static struct net_policy policy_of(struct arena *a, const struct sv *entries, size_t n) {
    struct net_policy p = {0};
    struct err err = {0};
    if (!net_policy_parse(a, entries, n, &p, &err)) {
        fail_msg("%s", err.text);
    }
    return p;
}

static struct net_policy usual(struct arena *a) {
    static const struct sv entries[] = {{"lms.school.internal:8443", 24},
                                        {"10.2.0.0/16", 11},
                                        {"127.0.0.1:8081", 14},
                                        {"[::1]:8082", 10},
                                        {"fd00::/8", 8},
                                        {"localhost:8083", 14}};
    return policy_of(a, entries, ARRAY_LEN(entries));
}

static bool address_passes(const struct net_policy *p, enum net_class c, const struct net_url *u,
                           const char *address) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        return net_policy_address(p, c, u, (const struct sockaddr *)&v4);
    }
    assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
    return net_policy_address(p, c, u, (const struct sockaddr *)&v6);
}

static bool is_public(const char *address) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        return net_address_is_public((const struct sockaddr *)&v4);
    }
    assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
    return net_address_is_public((const struct sockaddr *)&v6);
}

static void net_address__knows_what_is_not_public(void **state) {
    (void)state;
    static const char *const rows[] = {"0.0.0.0",
                                       "0.1.2.3",
                                       "10.0.0.1",
                                       "10.255.255.255",
                                       "100.64.0.1",
                                       "100.127.255.255",
                                       "127.0.0.1",
                                       "127.255.255.254",
                                       "169.254.169.254",
                                       "172.16.0.1",
                                       "172.31.255.255",
                                       "192.0.0.1",
                                       "192.0.2.1",
                                       "192.88.99.1",
                                       "192.168.1.1",
                                       "198.18.0.1",
                                       "198.19.255.255",
                                       "198.51.100.7",
                                       "203.0.113.9",
                                       "224.0.0.1",
                                       "239.255.255.255",
                                       "240.0.0.1",
                                       "255.255.255.255",
                                       "::",
                                       "::1",
                                       "::ffff:127.0.0.1",
                                       "::ffff:8.8.8.8",
                                       "::127.0.0.1",
                                       "64:ff9b::7f00:1",
                                       "64:ff9b::808:808",
                                       "64:ff9b:1::1",
                                       "100::1",
                                       "2001::1",
                                       "2001:db8::1",
                                       "2002:7f00:1::1",
                                       "3fff::1",
                                       "fc00::1",
                                       "fdff::1",
                                       "fe80::1",
                                       "febf::1",
                                       "fec0::1",
                                       "ff02::1",
                                       "4000::1"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (is_public(rows[i])) {
            fail_msg("%s was taken for public", rows[i]);
        }
    }
    static const char *const open[] = {
        "8.8.8.8",     "9.255.255.255", "11.0.0.1",     "100.63.0.1",   "100.128.0.1", "128.0.0.1",
        "169.253.0.1", "172.15.0.1",    "172.32.0.1",   "192.167.0.1",  "192.169.0.1", "198.17.0.1",
        "198.20.0.1",  "223.255.255.1", "2a00:1450::1", "2606:4700::1", "2001:4860::1"};
    for (size_t i = 0; i < ARRAY_LEN(open); i++) {
        if (!is_public(open[i])) {
            fail_msg("%s was taken for private", open[i]);
        }
    }
}

static void net_policy_parse__refuses_what_is_neither_host_nor_network(void **state) {
    (void)state;
    static const char *const rows[] = {"",           "lms.example", "lms.example:", "lms.example:0",
                                       "a:65536",    "::1:8081",    "10.0.0.0/33",  "10.0.0/8",
                                       "fd00::/129", "/8",          "10.2.0.0/",    "a b:1",
                                       "[::1]",      "[::g]:80",    "http://a:80/"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct net_policy p;
        struct sv entry = sv_from(rows[i]);
        if (net_policy_parse(&a, &entry, 1, &p, &err) || err.code != ERR_INPUT) {
            fail_msg("\"%s\" was accepted", rows[i]);
        }
    }
}

struct url_row {
    const char *url;
    const char *reason; /* NULL: allowed */
};

static void check_urls(enum net_class net_class, const struct url_row *rows, size_t n) {
    for (size_t i = 0; i < n; i++) {
        AUTO_ARENA a = {0};
        struct net_policy p = usual(&a);
        struct err err = {0};
        struct net_url u;
        bool ok = net_policy_url(&p, &a, net_class, sv_from(rows[i].url), &u, &err);
        if (ok != (rows[i].reason == NULL)) {
            fail_msg("%s: %s (%s)", rows[i].url, ok ? "allowed" : "refused", err.text);
        }
        if (!ok && rows[i].reason != NULL &&
            (strcmp(err.reason, rows[i].reason) != 0 || err.retry != ERR_RETRY_PARK)) {
            fail_msg("%s: reason %s, retry %d", rows[i].url, err.reason, (int)err.retry);
        }
    }
}

static void net_policy_url__judges_platform_urls(void **state) {
    (void)state;
    static const struct url_row rows[] = {
        {"https://lms.example/path?q=1", NULL},
        {"https://lms.example:443/", NULL},
        {"HTTPS://LMS.Example/", NULL},
        {"https://lms.school.internal:8443/x", NULL},
        {"https://LMS.school.internal:8443/x", NULL},
        {"https://10.2.3.4/", NULL},
        {"https://[fd12::1]/", NULL},
        {"http://127.0.0.1:8081/token", NULL},
        {"http://[::1]:8082/token", NULL},
        {"http://[0:0:0:0:0:0:0:1]:8082/", NULL},
        {"http://localhost:8083/", NULL},
        {"https://8.8.8.8/", NULL},
        {"https://lms.example/#part", NULL},
        /* G1 */
        {"https://127.0.0.1/", "policy"},
        {"https://[::1]/", "policy"},
        {"https://10.0.0.1/", "policy"},
        {"https://10.3.0.1/", "policy"},
        {"https://172.16.0.1/", "policy"},
        {"https://192.168.0.1/", "policy"},
        {"https://169.254.169.254/latest/meta-data", "policy"},
        {"https://[fe80::1]/", "policy"},
        {"https://[fc00::1]/", "policy"},
        {"https://100.64.0.1/", "policy"},
        {"https://0.0.0.0/", "policy"},
        {"https://224.0.0.1/", "policy"},
        /* G2: other spellings of loopback */
        {"https://2130706433/", "policy"},
        {"https://0x7f.1/", "policy"},
        {"https://0x7f000001/", "policy"},
        {"https://017700000001/", "policy"},
        {"https://127.1/", "policy"},
        {"https://0/", "policy"},
        {"https://[::ffff:127.0.0.1]/", "policy"},
        {"https://[64:ff9b::7f00:1]/", "policy"},
        {"http://2130706433/", "policy"},
        {"http://localhost.:8083/", "policy"},
        {"http://[::ffff:127.0.0.1]:8081/", "policy"},
        /* G5 */
        {"http://lms.example/", "policy"},
        {"http://127.0.0.1:8084/", "policy"},
        {"http://127.0.0.1/", "policy"},
        {"http://10.2.3.4/", "policy"},
        {"http://lms.school.internal:8443/", "policy"},
        {"file:///etc/passwd", "url"},
        {"gopher://lms.example/", "url"},
        {"ftp://lms.example/", "url"},
        {"dict://lms.example/", "url"},
        {"ldap://lms.example/", "url"},
        {"javascript:alert(1)", "url"},
        /* G6 */
        {"https://user@lms.example/", "url"},
        {"https://user:pw@lms.example/", "url"},
        {"https://lms.example\r\nX: y/", "url"},
        {"https://lms.example/a b", "url"},
        {"https://lms.example\\@evil.example/", "url"},
        {"https://lms.example:22/", "policy"},
        {"https://lms.example:6379/", "policy"},
        {"https://lms.example:0/", "url"},
        {"https://lms.example:99999/", "url"},
        {"https://[fe80::1%25eth0]/", "url"},
        {"https://lms.ex\xC3\xA4mple/", "url"},
        {"https:///path", "url"},
        {"lms.example", "url"},
        {"//lms.example/", "url"},
        {"", "url"},
    };
    check_urls(NET_CLASS_PLATFORM, rows, ARRAY_LEN(rows));
}

static void net_policy_url__gives_verification_the_public_web_only(void **state) {
    (void)state;
    static const struct url_row rows[] = {{"https://badges.example/a", NULL},
                                          {"https://lms.school.internal:8443/x", "policy"},
                                          {"http://127.0.0.1:8081/token", "policy"},
                                          {"https://10.2.3.4/", "policy"},
                                          {"https://badges.example:8443/", "policy"}};
    check_urls(NET_CLASS_VERIFICATION, rows, ARRAY_LEN(rows));
}

static void net_policy_url__drops_the_fragment_and_names_the_origin(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct net_policy p = usual(&a);
    struct err err = {0};
    struct net_url u;
    assert_true(net_policy_url(&p, &a, NET_CLASS_PLATFORM, SV("https://LMS.example/a?b=c#secret"),
                               &u, &err));
    assert_string_equal(u.text, "https://LMS.example/a?b=c");
    assert_true(sv_eq(u.origin, SV("https://lms.example:443")));
    assert_true(sv_eq(u.host, SV("lms.example")));
    assert_int_equal(u.port, 443);
}

static void net_policy_address__decides_on_the_actual_address(void **state) {
    (void)state;
    static const struct {
        enum net_class net_class;
        const char *url, *address;
        bool is_allowed;
    } rows[] = {
        {NET_CLASS_PLATFORM, "https://lms.example/", "8.8.8.8", true},
        {NET_CLASS_PLATFORM, "https://lms.example/", "127.0.0.1", false}, /* G3: rebound */
        {NET_CLASS_PLATFORM, "https://lms.example/", "::1", false},
        {NET_CLASS_PLATFORM, "https://lms.example/", "169.254.169.254", false},
        {NET_CLASS_PLATFORM, "https://lms.example/", "10.2.9.9", true},
        {NET_CLASS_PLATFORM, "https://lms.example/", "10.3.9.9", false},
        {NET_CLASS_PLATFORM, "https://lms.example/", "fd01::5", true},
        {NET_CLASS_PLATFORM, "https://lms.school.internal:8443/", "192.168.7.7", true},
        {NET_CLASS_PLATFORM, "http://localhost:8083/", "127.0.0.1", true},
        {NET_CLASS_PLATFORM, "http://localhost:8083/", "::1", true},
        {NET_CLASS_PLATFORM, "http://localhost:8083/", "8.8.8.8", false},
        {NET_CLASS_PLATFORM, "http://localhost:8083/", "10.2.0.1", false},
        {NET_CLASS_VERIFICATION, "https://badges.example/", "8.8.8.8", true},
        {NET_CLASS_VERIFICATION, "https://badges.example/", "10.2.9.9", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct net_policy p = usual(&a);
        struct err err = {0};
        struct net_url u;
        assert_true(net_policy_url(&p, &a, rows[i].net_class, sv_from(rows[i].url), &u, &err));
        if (address_passes(&p, rows[i].net_class, &u, rows[i].address) != rows[i].is_allowed) {
            fail_msg("%s at %s", rows[i].url, rows[i].address);
        }
    }
}

static void net_policy_address__refuses_other_families(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct net_policy p = usual(&a);
    struct net_url u = {.host = SV("lms.example"), .port = 443, .is_tls = true};
    const struct sockaddr local = {.sa_family = AF_UNIX}; /* G10 */
    assert_false(net_policy_address(&p, NET_CLASS_PLATFORM, &u, &local));
}

static void net_url_same_origin__compares_scheme_host_and_port(void **state) {
    (void)state;
    static const struct {
        const char *left, *right;
        bool is_same;
    } rows[] = {
        {"https://lms.example/a", "https://LMS.EXAMPLE:443/b?c", true},
        {"https://lms.example/a", "https://lms.example:8443/a", false},
        {"https://lms.example/", "http://lms.example/", false},
        {"https://lms.example/", "https://evil.example/", false},
        {"https://lms.example/", "https://lms.example@evil.example/", false},
        {"https://lms.example/", "file:///lms.example", false},
        {"https://lms.example/", "https://lms.example.evil.example/", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        if (net_url_same_origin(&a, sv_from(rows[i].left), sv_from(rows[i].right)) !=
            rows[i].is_same) {
            fail_msg("%s against %s", rows[i].left, rows[i].right);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(net_address__knows_what_is_not_public),
        cmocka_unit_test(net_policy_parse__refuses_what_is_neither_host_nor_network),
        cmocka_unit_test(net_policy_url__judges_platform_urls),
        cmocka_unit_test(net_policy_url__gives_verification_the_public_web_only),
        cmocka_unit_test(net_policy_url__drops_the_fragment_and_names_the_origin),
        cmocka_unit_test(net_policy_address__decides_on_the_actual_address),
        cmocka_unit_test(net_policy_address__refuses_other_families),
        cmocka_unit_test(net_url_same_origin__compares_scheme_host_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
