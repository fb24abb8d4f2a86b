#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lti_login.h"

static const struct lti_pair BASE[] = {
    {SV("iss"), SV("https://lms.example")},
    {SV("login_hint"), SV("4")},
    {SV("target_link_uri"), SV("https://badges.example/lti/launch")},
    {SV("lti_message_hint"), SV("{\"cmid\":5,\"launchid\":\"ltilaunch1_14662492\"}")},
    {SV("client_id"), SV("VXXOkeY4GuPz9Jv")},
    {SV("lti_deployment_id"), SV("1")}};

#define BASE_COUNT ARRAY_LEN(BASE)

static struct sv filled(struct arena *a, char c, size_t len) {
    char *text = arena_alloc(a, len);
    memset(text, c, len);
    return sv_of(text, len);
}

static void lti_login_parse__reads_moodles_six_fields(void **state) {
    (void)state;
    struct lti_login_request got;
    struct err err = {0};
    assert_true(lti_login_parse((struct lti_form){.pairs = BASE, .count = BASE_COUNT}, &got, &err));
    assert_true(sv_eq(got.iss, SV("https://lms.example")));
    assert_true(sv_eq(got.login_hint, SV("4")));
    assert_true(sv_eq(got.target_link_uri, SV("https://badges.example/lti/launch")));
    assert_true(got.has_message_hint);
    assert_true(sv_eq(got.message_hint, BASE[3].value));
    assert_true(sv_eq(got.client_id, SV("VXXOkeY4GuPz9Jv")));
    assert_true(sv_eq(got.deployment_id, SV("1")));
    assert_int_equal(got.storage_target.len, 0);
}

struct row {
    const char *name, *replace; /* parameter of BASE to replace, or NULL */
    struct lti_pair pair;       /* put there, or added; an empty name removes */
    const char *reason;
};

static void lti_login_parse__judges(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    const struct row rows[] = {
        {"iss missing", "iss", {{0}, {0}}, "iss"},
        {"iss empty", "iss", {SV("iss"), SV("")}, "iss"},
        {"login_hint missing", "login_hint", {{0}, {0}}, "login_hint"},
        {"target_link_uri missing", "target_link_uri", {{0}, {0}}, "target_link_uri"},
        {"client_id missing", "client_id", {{0}, {0}}, ""},
        {"lti_message_hint missing", "lti_message_hint", {{0}, {0}}, ""},
        {"B14 iss[] is another name", "iss", {SV("iss[]"), SV("https://lms.example")}, "iss"},
        {"B14 iss twice", NULL, {SV("iss"), SV("https://evil.example")}, "form"},
        {"B14 iss twice, the same", NULL, {SV("iss"), SV("https://lms.example")}, "form"},
        {"B14 login_hint twice", NULL, {SV("login_hint"), SV("5")}, "form"},
        {"B14 client_id twice, once empty", NULL, {SV("client_id"), SV("")}, "form"},
        {"unknown parameters are ignored", NULL, {SV("utf8"), SV("x")}, ""},
        {"canvas extras", NULL, {SV("canvas_region"), SV("us-east-1")}, ""},
        {"D8 login_hint of 16 KiB", "login_hint", {SV("login_hint"), filled(&a, 'x', 16384)}, ""},
        {"D8 login_hint over", "login_hint", {SV("login_hint"), filled(&a, 'x', 16385)}, "size"},
        {"D8 lti_message_hint of 16 KiB",
         "lti_message_hint",
         {SV("lti_message_hint"), filled(&a, 'x', 16384)},
         ""},
        {"D8 lti_message_hint over",
         "lti_message_hint",
         {SV("lti_message_hint"), filled(&a, 'x', 102400)},
         "size"},
        {"iss over", "iss", {SV("iss"), filled(&a, 'x', 2049)}, "size"},
        {"target_link_uri over",
         "target_link_uri",
         {SV("target_link_uri"), filled(&a, 'x', 2049)},
         "size"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        struct lti_pair pairs[BASE_COUNT + 1];
        size_t n = 0;
        for (size_t j = 0; j < BASE_COUNT; j++) {
            bool is_it = rows[i].replace != NULL && sv_eq(BASE[j].name, sv_from(rows[i].replace));
            if (!is_it) {
                pairs[n++] = BASE[j];
            }
        }
        if (rows[i].pair.name.len > 0) {
            pairs[n++] = rows[i].pair;
        }
        struct lti_login_request got;
        struct err err = {0};
        bool is_taken = lti_login_parse((struct lti_form){.pairs = pairs, .count = n}, &got, &err);
        assert_string_equal(err.reason, rows[i].reason);
        assert_int_equal(is_taken, rows[i].reason[0] == '\0');
        assert_int_equal(err.code, is_taken ? ERR_NONE : ERR_INPUT);
    }
}

/* attacks.md B14 */
static void lti_login_parse__refuses_ten_thousand_parameters(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    size_t count = 10000;
    struct lti_pair *pairs = ARENA_ARRAY(&a, struct lti_pair, count);
    for (size_t i = 0; i < count; i++) {
        pairs[i] = i < BASE_COUNT ? BASE[i] : (struct lti_pair){SV("x"), SV("y")};
    }
    struct lti_login_request got;
    struct err err = {0};
    assert_true(lti_login_parse((struct lti_form){.pairs = pairs, .count = 200}, &got, &err));
    assert_false(lti_login_parse((struct lti_form){.pairs = pairs, .count = 201}, &got, &err));
    assert_string_equal(err.reason, "form");
    err = (struct err){0};
    assert_false(lti_login_parse((struct lti_form){.pairs = pairs, .count = count}, &got, &err));
    assert_string_equal(err.reason, "form");
}

/* attacks.md D17 */
static void lti_login_parse__ignores_odd_frame_names(void **state) {
    (void)state;
    static const struct {
        const char *sent, *kept;
    } rows[] = {{"post_message_forwarding", "post_message_forwarding"},
                {"_parent", "_parent"},
                {"\"><script>", ""},
                {"a b", ""},
                {"a'b", ""},
                {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lti_pair pairs[BASE_COUNT + 1];
        memcpy(pairs, BASE, sizeof BASE);
        pairs[BASE_COUNT] = (struct lti_pair){SV("lti_storage_target"), sv_from(rows[i].sent)};
        struct lti_login_request got;
        struct err err = {0};
        assert_true(lti_login_parse((struct lti_form){.pairs = pairs, .count = BASE_COUNT + 1},
                                    &got, &err));
        assert_true(sv_eq(got.storage_target, sv_from(rows[i].kept)));
    }
}

static struct sv redirect(struct arena *a, const char *auth_url,
                          const struct lti_login_request *request) {
    struct model_registration registration = {
        .id = 7, .client_id = SV("VXXOkeY4GuPz9Jv"), .auth_url = sv_from(auth_url)};
    struct lti_login_want want = {.registration = &registration,
                                  .request = request,
                                  .redirect_uri = SV("https://badges.example/lti/launch"),
                                  .state = SV("st-1"),
                                  .nonce = SV("no_1")};
    struct sv url = {0};
    struct err err = {0};
    if (!lti_login_redirect(&want, a, &url, &err)) {
        assert_string_equal(err.reason, "auth_url");
        return sv_of(NULL, 0);
    }
    return url;
}

#define TAIL                                                                                       \
    "scope=openid&response_type=id_token&response_mode=form_post&prompt=none&client_id="           \
    "VXXOkeY4GuPz9Jv&redirect_uri=https%3A%2F%2Fbadges.example%2Flti%2Flaunch&login_hint=4"

static void lti_login_redirect__builds_the_authentication_request(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct lti_login_request request = {.login_hint = SV("4")};
    static const struct {
        const char *auth_url, *start;
    } rows[] = {
        {"https://lms.example/auth", "https://lms.example/auth?"},
        {"https://lms.example", "https://lms.example?"},
        {"https://lms.example/auth?a=b", "https://lms.example/auth?a=b&"},
        {"https://lms.example/auth?", "https://lms.example/auth?"},
        {"https://lms.example/auth?a=b&", "https://lms.example/auth?a=b&"},
        {"http://127.0.0.1:8101/mod/lti/auth.php", "http://127.0.0.1:8101/mod/lti/auth.php?"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sv want = sv_printf(&a, "%s%s", rows[i].start, TAIL "&state=st-1&nonce=no_1");
        assert_true(sv_eq(redirect(&a, rows[i].auth_url, &request), want));
    }
    static const char *const bad[] = {"", "http://lms.example/auth", "https://lms.example/auth#f",
                                      "javascript:alert(1)", "https://lms.example/a\r\nX: y"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(redirect(&a, bad[i], &request).len, 0);
    }
}

/* moodle.md 0.7; an empty hint was received too */
static void lti_login_redirect__returns_the_message_hint_byte_for_byte(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct lti_login_request request = {
        .login_hint = SV("4"), .message_hint = SV("{\"cmid\":5}"), .has_message_hint = true};
    assert_true(sv_eq(redirect(&a, "https://lms.example/auth", &request),
                      SV("https://lms.example/auth?" TAIL
                         "&lti_message_hint=%7B%22cmid%22%3A5%7D&state=st-1&nonce=no_1")));
    request.message_hint = SV("");
    assert_true(
        sv_eq(redirect(&a, "https://lms.example/auth", &request),
              SV("https://lms.example/auth?" TAIL "&lti_message_hint=&state=st-1&nonce=no_1")));
    struct lti_pair pairs[BASE_COUNT];
    memcpy(pairs, BASE, sizeof BASE);
    pairs[3].value = sv_of(NULL, 0);
    struct err err = {0};
    assert_true(
        lti_login_parse((struct lti_form){.pairs = pairs, .count = BASE_COUNT}, &request, &err));
    assert_true(request.has_message_hint);
}

/* attacks.md D7, D8 */
static void lti_login_redirect__lets_no_hint_out_of_its_parameter(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct lti_login_request request = {
        .login_hint = SV("4\r\nSet-Cookie: a=b&redirect_uri=https://evil.example#\"<\xff"),
        .target_link_uri = SV("https://evil.example/")};
    struct sv url = redirect(&a, "https://lms.example/auth", &request);
    assert_non_null(strstr(sv_c(&a, url), "&login_hint=4%0D%0ASet-Cookie%3A%20a%3Db%26redirect_uri%"
                                          "3Dhttps%3A%2F%2Fevil.example%23%22%3C%FF&state="));
    assert_null(strstr(sv_c(&a, url), "https://evil"));
    request.login_hint = filled(&a, '"', LTI_HINT_MAX);
    request.message_hint = filled(&a, '"', LTI_HINT_MAX);
    request.has_message_hint = true;
    assert_true(redirect(&a, "https://lms.example/auth", &request).len > (size_t)6 * LTI_HINT_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_login_parse__reads_moodles_six_fields),
        cmocka_unit_test(lti_login_parse__judges),
        cmocka_unit_test(lti_login_parse__refuses_ten_thousand_parameters),
        cmocka_unit_test(lti_login_parse__ignores_odd_frame_names),
        cmocka_unit_test(lti_login_redirect__builds_the_authentication_request),
        cmocka_unit_test(lti_login_redirect__returns_the_message_hint_byte_for_byte),
        cmocka_unit_test(lti_login_redirect__lets_no_hint_out_of_its_parameter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
