/* Canvas's OAuth2 (lti.md 11.1): what is asked for, and a reading whose token ends half-way. What
 * answers do is tried in flow/test_oauth.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "canvas_site.h"
#include "fake_http.h"
#include "grades_oauth.h"
#include <string.h>

static const struct grades_oauth_key KEY = {.base_url = SV(SITE),
                                            .client_id = SV("10000000000007"),
                                            .secret = SV("s&c=ret"),
                                            .redirect_uri = SV("https://b.example/oauth/canvas"),
                                            .asks_scopes = false};

static void url__names_the_key_the_way_back_and_the_state(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct sv url = grades_oauth_url(&a, &KEY, SV("st_at-e"));
    assert_string_equal(sv_c(&a, url), SITE
                        "/login/oauth2/auth?client_id=10000000000007&response_type=code"
                        "&redirect_uri=https%3A%2F%2Fb.example%2Foauth%2Fcanvas&state=st_at-e");
    struct grades_oauth_key strict = KEY;
    strict.asks_scopes = true;
    url = grades_oauth_url(&a, &strict, SV("s"));
    assert_true(has_part(url, "&scope=url%3AGET%7C%2Fapi%2Fv1%2Fcourses%2F%3Aid%20url%3AGET%7C"));
    assert_true(url.len < 8000); /* addresses that are longer are refused on the way */
}

/* The administrator enters those of the guide: one that Laurel asks for and the key lacks refuses
 * all. */
static void scopes__are_those_of_the_guide(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    char line[512];
    size_t listed = 0;
    FILE *guide = fopen(TEST_SOURCE_DIR "/../conf/canvas.md", "r");
    assert_non_null(guide);
    while (fgets(line, sizeof line, guide) != NULL) {
        struct sv text = sv_trim(sv_from(line));
        if (!sv_starts(sv_from(line), SV("    url:GET|"))) {
            continue;
        }
        if (listed >= grades_oauth_scope_count ||
            !sv_eq(text, sv_from(grades_oauth_scopes[listed]))) {
            fail_msg("conf/canvas.md lists %s", sv_c(&a, text));
        }
        listed++;
    }
    (void)fclose(guide);
    assert_int_equal(listed, grades_oauth_scope_count);
}

static void exchange__sends_a_form_to_the_sources_own_host(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct grades_oauth_grant grant;
    const struct fake_reply reply = {
        .status = 200,
        .body = "{\"access_token\":\"A\",\"token_type\":\"Bearer\",\"refresh_token\":\"R\","
                "\"expires_in\":3600,\"user\":{\"id\":7,\"name\":\" Rosa \"}}"};
    struct fake_http f = {.tokens = &reply, .token_count = 1};
    const struct lti_http http = {.fetch = fake_fetch, .ctx = &f};
    assert_true(grades_oauth_exchange(&KEY, SV("c/1"), &http, &a, &grant, &err));
    assert_string_equal(f.token_body,
                        "grant_type=authorization_code&redirect_uri=https%3A%2F%2Fb.example%2Foauth"
                        "%2Fcanvas&code=c%2F1&client_id=10000000000007&client_secret=s%26c%3Dret");
    assert_true(sv_eq(grant.access, SV("A")) && sv_eq(grant.refresh, SV("R")));
    assert_true(sv_eq(grant.user_id, SV("7")) && sv_eq(grant.user_name, SV("Rosa")));
    assert_int_equal(grant.lasts_s, 3600);
    assert_true(grades_oauth_renew(&KEY, SV("R"), &http, &a, &grant, &err));
    assert_string_equal(f.token_body, "grant_type=refresh_token&refresh_token=R&client_id="
                                      "10000000000007&client_secret=s%26c%3Dret");
}

/* --- a reading */

#define REFUSED                                                                                    \
    .status = 401, .body = "{\"errors\":[{\"message\":\"Invalid access token.\"}]}",               \
    .name = "WWW-Authenticate", .text = "Bearer realm=\"canvas-lms\""

struct renewing {
    size_t times;
    const char *gives; /* NULL: refused */
    char refused[64];
};

static bool renew_of(void *ctx, struct sv refused, struct arena *a, struct sv *token,
                     struct err *err) {
    struct renewing *r = ctx;
    r->times++;
    (void)snprintf(r->refused, sizeof r->refused, "%.*s", SV_ARG(refused));
    if (r->gives == NULL) {
        (void)err_because(err, ERR_DENIED, "grant", "granted no more");
        return err_retry_as(err, ERR_RETRY_PARK);
    }
    *token = sv_copy(a, sv_from(r->gives));
    return true;
}

static struct renewing *renewing(struct bench *b, const char *gives) {
    struct renewing *r = ARENA_NEW(&b->arena, struct renewing);
    r->gives = gives;
    b->source.renew = renew_of;
    b->source.renew_ctx = r;
    return r;
}

static void reading__goes_on_with_a_new_token(void **state) {
    struct bench *b = *state;
    struct renewing *r = renewing(b, "the-new-one");
    char old[64];
    (void)snprintf(old, sizeof old, "%.*s", SV_ARG(b->source.token));
    reply_with(b, (struct canned){.url = "/students/submissions", REFUSED, .times = 1});
    must_read(b);
    assert_int_equal(r->times, 1);
    assert_string_equal(r->refused, old);
    assert_string_equal(b->canvas.authorization, "Bearer the-new-one");
    assert_int_equal(asked(b, "/enrollments"), 1); /* it did not begin anew */
    assert_int_equal(b->canvas.pauses, 0);
}

static void reading__asks_for_one_new_token_only(void **state) {
    struct bench *b = *state;
    struct renewing *r = renewing(b, "the-new-one");
    reply_with(b, (struct canned){.url = "/students/submissions", REFUSED});
    assert_false(read_course(b));
    assert_int_equal(r->times, 1);
    assert_string_equal(b->err.reason, "token");
    assert_int_equal(b->err.retry, ERR_RETRY_PARK);
    assert_true(has_part(sv_from(b->err.text), "Connection page"));
}

static void reading__ends_with_the_reason_why_there_is_none(void **state) {
    struct bench *b = *state;
    struct renewing *r = renewing(b, NULL);
    reply_with(b, (struct canned){.url = "/students/submissions", REFUSED});
    assert_false(read_course(b));
    assert_int_equal(r->times, 1);
    assert_string_equal(b->err.reason, "grant");
    assert_int_equal(b->reading.fact_count + b->reading.item_count, 0);
}

/* 401 without a challenge is a permission: a new token would not have it either. */
static void reading__renews_for_no_other_refusal(void **state) {
    struct bench *b = *state;
    struct renewing *r = renewing(b, "the-new-one");
    reply_with(b, (struct canned){.url = "/students/submissions", .status = 401, .body = "{}"});
    (void)read_course(b);
    assert_int_equal(r->times, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url__names_the_key_the_way_back_and_the_state),
        cmocka_unit_test(scopes__are_those_of_the_guide),
        cmocka_unit_test(exchange__sends_a_form_to_the_sources_own_host),
        cmocka_unit_test_setup_teardown(reading__goes_on_with_a_new_token, setup, teardown),
        cmocka_unit_test_setup_teardown(reading__asks_for_one_new_token_only, setup, teardown),
        cmocka_unit_test_setup_teardown(reading__ends_with_the_reason_why_there_is_none, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(reading__renews_for_no_other_refusal, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
