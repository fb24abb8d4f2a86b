#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lti_event.h"
#include "support_launch.h"

#define ACCOUNT "VicYj3cu5BIFpoZhDVU4DZumnlBrWi1grgJEzADs"

/* As lti.md 12 composes one; 2025-10-09T08:53:20Z is LAUNCH_NOW_S - 30. */
static const char RAW[] =
    "{\"metadata\":{\"event_name\":\"grade_change\",\"event_time\":\"2025-10-09T08:53:20.123Z\","
    "\"root_account_uuid\":\"" ACCOUNT "\",\"context_type\":\"Course\","
    "\"context_id\":\"21070000000000055\",\"request_id\":\"r1\"},"
    "\"body\":{\"submission_id\":\"21070000000000999\",\"score\":92}}";
static const char CALIPER[] =
    "{\"sensor\":\"s\",\"data\":[{\"id\":\"urn:uuid:1\",\"type\":\"GradeEvent\",\"action\":"
    "\"Graded\",\"eventTime\":\"2025-10-09T08:53:20Z\",\"actor\":{\"extensions\":{\"com."
    "instructure."
    "canvas\":{\"root_account_uuid\":\"" ACCOUNT "\"}}},\"group\":{\"id\":\"urn:instructure:canvas:"
    "course:55\"}}]}";

struct world {
    struct arena a;
    struct jose_key *key;
    struct lti_keysets *keys;
    struct sv url_asked;
};
static struct world W;

static bool fetch_keys(void *ctx, struct sv url, struct arena *a, struct sv *body,
                       int64_t *max_age_s, struct err *err) {
    struct world *w = ctx;
    (void)err;
    w->url_asked = sv_copy(&w->a, url);
    *max_age_s = -1;
    *body = launch_jwks(a, &w->key, 1);
    return true;
}

static int set_up(void **state) {
    (void)state;
    arena_init(&W.a);
    W.key = launch_key("k1");
    W.keys = lti_keysets_create(&(struct lti_keysets_config){.fetch = fetch_keys, .ctx = &W});
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lti_keysets_destroy(W.keys);
    jose_key_unref(W.key);
    arena_release(&W.a);
    return 0;
}

static struct sv token_of(const char *base, const char *patch) {
    AUTO_JSON *whole = launch_json(base);
    AUTO_JSON *delta = launch_json(patch);
    AUTO_JSON *claims = launch_merge(whole, delta);
    return launch_sign(&W.a, W.key, SV("{\"alg\":\"RS256\",\"kid\":\"k1\"}"),
                       js_dump(&W.a, claims));
}

static const char *verify(struct sv body, struct lti_event **out) {
    static struct err err;
    size_t count = 0;
    err = (struct err){0};
    const struct lti_event_check check = {.keys_id = -7,
                                          .jwks_url = SV("https://keys.example/jwks"),
                                          .root_account_uuid = SV(ACCOUNT),
                                          .now = LAUNCH_NOW_S * USEC_PER_S};
    return lti_event_verify(&W.a, W.keys, &check, body, out, &count, &err) ? "" : err.reason;
}

static struct lti_event must_verify(const char *base, const char *patch) {
    struct lti_event *e = NULL;
    const char *reason = verify(token_of(base, patch), &e);
    if (reason[0] != '\0') {
        fail_msg("%s: %s", patch, reason);
    }
    return e[0];
}

static void verify__reads_both_of_canvas_forms(void **state) {
    (void)state;
    struct lti_event raw = must_verify(RAW, "{}");
    assert_true(sv_eq(raw.name, SV("grade_change")) && raw.is_hint);
    assert_int_equal(raw.course_ref_count, 3);
    assert_true(sv_eq(raw.course_refs[0], SV("21070000000000055")));
    assert_true(sv_eq(raw.course_refs[1], SV("55"))); /* 2107 * 10^13 + 55 */
    assert_true(sv_eq(raw.course_refs[2], SV("2107~55")));
    assert_true(sv_eq(W.url_asked, SV("https://keys.example/jwks")));
    struct lti_event caliper = must_verify(CALIPER, "{}");
    assert_true(sv_eq(caliper.name, SV("GradeEvent")) && caliper.is_hint);
    assert_int_equal(caliper.course_ref_count, 1);
    assert_true(sv_eq(caliper.course_refs[0], SV("55")));
}

static void verify__knows_which_events_may_change_grades(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool is_hint;
    } rows[] = {{"grade_change", true},
                {"grade_override", true},
                {"course_grade_change", true},
                {"course_completed", true},
                {"course_progress", true},
                {"submission_created", true},
                {"submission_updated", true},
                {"enrollment_created", true},
                {"enrollment_state_updated", true},
                {"learning_outcome_result_updated", true},
                {"assignment_override_updated", true},
                {"module_item_created", true},
                {"submission_comment_created", false},
                {"grade_changed", false}, /* no family: the whole name */
                {"course_created", false},
                {"asset_accessed", false},
                {"xmodule_", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *patch = arena_printf(&W.a, "{\"metadata\":{\"event_name\":\"%s\"}}", rows[i].name);
        if (must_verify(RAW, patch).is_hint != rows[i].is_hint) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static void verify__takes_times_of_a_day_back_and_five_minutes_ahead(void **state) {
    (void)state;
    struct lti_event *e = NULL;
    static const struct {
        const char *at, *reason;
    } rows[] = {{"2025-10-08T08:53:50Z", ""}, /* a day before LAUNCH_NOW_S */
                {"2025-10-08T08:53:49Z", "event_time"},
                {"2025-10-09T08:58:50Z", ""}, /* five minutes after */
                {"2025-10-09T08:58:51Z", "event_time"},
                {"2025-10-09T10:53:20+02:00", ""},
                {"2025-10-09", "event_time"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *patch = arena_printf(&W.a, "{\"metadata\":{\"event_time\":\"%s\"}}", rows[i].at);
        const char *reason = verify(token_of(RAW, patch), &e);
        if (strcmp(reason, rows[i].reason) != 0) {
            fail_msg("%s: \"%s\"", rows[i].at, reason);
        }
    }
}

static bool is_same(const char *base, const char *left, const char *right) {
    struct lti_event one = must_verify(base, left);
    struct lti_event two = must_verify(base, right);
    return memcmp(one.digest, two.digest, sizeof one.digest) == 0;
}

static void digest__is_that_of_the_event_and_not_of_its_envelope(void **state) {
    (void)state;
    assert_true(is_same(RAW, "{}", "{\"iat\":7}"));
    assert_true(is_same(RAW, "{}", "{\"metadata\":{\"hostname\":\"other\"}}"));
    assert_false(is_same(RAW, "{}", "{\"metadata\":{\"request_id\":\"r2\"}}"));
    assert_false(is_same(RAW, "{}", "{\"metadata\":{\"event_name\":\"grade_override\"}}"));
    assert_false(is_same(RAW, "{}", "{\"metadata\":{\"event_time\":\"2025-10-09T08:53:21Z\"}}"));
    assert_false(is_same(RAW, "{}", "{\"body\":{\"submission_id\":\"8\"}}"));
    assert_true(is_same(CALIPER, "{}", "{\"sendTime\":\"x\"}"));
}

/* The same keys sign every school's events: without an account of ours nothing is ours. */
static void verify__takes_nothing_for_a_feed_without_an_account(void **state) {
    (void)state;
    struct lti_event *e = NULL;
    size_t count = 0;
    struct err err = {0};
    const struct lti_event_check check = {.keys_id = -7,
                                          .jwks_url = SV("https://keys.example/jwks"),
                                          .now = LAUNCH_NOW_S * USEC_PER_S};
    struct sv token = token_of(RAW, "{\"metadata\":{\"root_account_uuid\":null}}");
    assert_false(lti_event_verify(&W.a, W.keys, &check, token, &e, &count, &err));
    assert_string_equal(err.reason, "root_account");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify__reads_both_of_canvas_forms),
        cmocka_unit_test(verify__knows_which_events_may_change_grades),
        cmocka_unit_test(verify__takes_times_of_a_day_back_and_five_minutes_ahead),
        cmocka_unit_test(digest__is_that_of_the_event_and_not_of_its_envelope),
        cmocka_unit_test(verify__takes_nothing_for_a_feed_without_an_account),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
