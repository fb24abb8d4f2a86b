#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_http.h"
#include "lti_nrps.h"

#define MEMBERSHIP "http://purl.imsglobal.org/vocab/lis/v2/membership"
#define URL "https://lms.example/mod/lti/services.php/CourseSection/2/bindings/1/memberships"

static const struct model_registration moodle = {
    .id = 7,
    .issuer = SV("https://lms.example"),
    .client_id = SV("client-1"),
    .token_url = SV("https://lms.example/token"),
};

struct bench {
    struct arena arena;
    struct fake_http fake;
    usec_t now;
    struct lti_service service;
    struct lti_roster roster;
    struct err err;
};

static int setup(void **state) {
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->now = INT64_C(1795452329) * USEC_PER_S;
    b->service = (struct lti_service){.registration = &moodle,
                                      .deployment_id = SV("1"),
                                      .http = {.fetch = fake_fetch, .ctx = &b->fake},
                                      .signer = {fake_sign, NULL},
                                      .clock = {fake_now, &b->now},
                                      .tokens = lti_tokens_create()};
    *state = b;
    return 0;
}

static int teardown(void **state) {
    struct bench *b = *state;
    lti_tokens_destroy(b->service.tokens);
    arena_release(&b->arena);
    free(b);
    return 0;
}

static bool read_roster(struct bench *b, const struct fake_reply *replies, size_t count) {
    b->fake.replies = replies;
    b->fake.reply_count = count;
    b->fake.next = 0;
    b->fake.requests = 0;
    b->err = (struct err){0};
    return lti_nrps_read(&b->service, SV(URL), &b->arena, &b->roster, &b->err);
}

static void roster__reads_moodles_short_roles(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200,
         .body =
             "{\"id\":\"http:\\/\\/m\",\"context\":{\"id\":2,\"label\":\"B\",\"title\":\"C\"},"
             "\"members\":["
             "{\"status\":\"Active\",\"roles\":[\"Instructor\"],\"user_id\":\"3\","
             "\"lis_person_sourcedid\":\"T1\",\"name\":\"Tea Cher\",\"email\":\"t@example.org\"},"
             "{\"status\":\"Active\",\"roles\":[\"Learner\"],\"user_id\":\"4\",\"given_name\":"
             "\"Stu\","
             "\"family_name\":\"Dent\",\"lis_person_sourcedid\":\"\"},"
             "{\"roles\":[\"Learner\"],\"user_id\":\"5\"}]}"}};
    assert_true(read_roster(b, replies, 1));
    const struct model_member *m = b->roster.members;
    assert_int_equal(b->roster.count, 3);
    assert_true(m[0].is_teacher && !m[0].is_learner && m[0].is_active);
    assert_true(sv_eq(m[0].sub, SV("3")) && sv_eq(m[0].person_ref, SV("3")));
    assert_true(sv_eq(m[0].name, SV("Tea Cher")));
    assert_true(sv_eq(m[0].email, SV("t@example.org")));
    assert_true(sv_eq(m[0].sourcedid, SV("T1")));
    assert_true(m[1].is_learner && !m[1].is_teacher);
    assert_true(sv_eq(m[1].name, SV("Stu Dent")));
    assert_true(m[2].is_learner && m[2].is_active && m[2].name.len == 0);
    assert_string_equal(b->fake.seen[0].url, URL);
    assert_string_equal(b->fake.seen[0].accept,
                        "application/vnd.ims.lti-nrps.v2.membershipcontainer+json");
}

static void roster__knows_roles_and_states(void **state) {
    static const struct {
        const char *status, *role;
        bool is_listed, is_learner, is_teacher, is_active;
    } rows[] = {
        {"Active", MEMBERSHIP "#Learner", true, true, false, true},
        {"Active", MEMBERSHIP "#Instructor", true, false, true, true},
        {"Active", MEMBERSHIP "/Instructor#TeachingAssistant", true, false, true, true},
        {"Active", MEMBERSHIP "/Learner#Instructor", true, true, false, true},
        {"Active", MEMBERSHIP "#Mentor", true, false, false, true},
        {"Active", "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor", true,
         false, false, true},
        {"Active", "http://purl.imsglobal.org/vocab/lis/v2/person#Administrator", true, false,
         false, true},
        {"Active", "xLearner", true, false, false, true},
        {"Inactive", MEMBERSHIP "#Learner", true, true, false, false},
        {"Deleted", MEMBERSHIP "#Learner", false, false, false, false},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *body = arena_printf(
            &b->arena, "{\"members\":[{\"status\":\"%s\",\"user_id\":\"4\",\"roles\":[\"%s\"]}]}",
            rows[i].status, rows[i].role);
        const struct fake_reply replies[] = {{.status = 200, .body = body}};
        assert_true(read_roster(b, replies, 1));
        const struct model_member *m = b->roster.members;
        if ((b->roster.count == 1) != rows[i].is_listed ||
            (rows[i].is_listed &&
             (m->is_learner != rows[i].is_learner || m->is_teacher != rows[i].is_teacher ||
              m->is_active != rows[i].is_active))) {
            fail_msg("%s %s", rows[i].status, rows[i].role);
        }
    }
}

static void roster__never_lists_a_test_user_as_learner(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200,
         .body = "{\"members\":[{\"user_id\":\"4\",\"roles\":[\"Learner\","
                 "\"http://purl.imsglobal.org/vocab/lti/system/person#TestUser\"]}]}"}};
    assert_true(read_roster(b, replies, 1));
    assert_false(b->roster.members[0].is_learner);
}

static void roster__skips_nobodies_and_goes_on(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200,
         .body = "{\"members\":[17,null,{},{\"user_id\":\"\"},{\"user_id\":4},"
                 "{\"user_id\":\"7\",\"roles\":\"Learner\"},{\"user_id\":\"8\",\"roles\":[1,null]},"
                 "{\"user_id\":\"9\",\"roles\":[\"Learner\"],\"name\":7,\"email\":[]}]}"}};
    assert_true(read_roster(b, replies, 1));
    assert_int_equal(b->roster.count, 2);
    assert_true(sv_eq(b->roster.members[0].sub, SV("8")) && !b->roster.members[0].is_learner);
    assert_true(sv_eq(b->roster.members[1].sub, SV("9")) && b->roster.members[1].is_learner);
}

static void roster__follows_pages(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200,
         .body = "{\"members\":[{\"user_id\":\"4\",\"roles\":[\"Learner\"]}]}",
         .link = "<" URL "?limit=1&from=1>; rel=\"next\""},
        {.status = 200, .body = "{\"members\":[{\"user_id\":\"5\",\"roles\":[\"Learner\"]}]}"}};
    assert_true(read_roster(b, replies, 2));
    assert_int_equal(b->roster.count, 2);
    assert_int_equal(b->roster.pages, 2);
    assert_string_equal(b->fake.seen[1].url, URL "?limit=1&from=1");
    assert_true(sv_eq(b->roster.members[1].sub, SV("5")));
}

/* attacks.md F4: also pages that lead back or elsewhere */
static void roster__is_all_or_nothing(void **state) {
    static const struct {
        struct fake_reply second;
        enum err_retry retry;
    } rows[] = {
        {{.status = 0, .body = ""}, ERR_RETRY_LATER},
        {{.status = 500, .body = ""}, ERR_RETRY_LATER},
        {{.status = 403, .body = ""}, ERR_RETRY_PARK},
        {{.status = 200, .body = "<html>"}, ERR_RETRY_LATER},
        {{.status = 200, .body = "{\"members\":[{\"user_id\":\"5\""}, ERR_RETRY_LATER},
        {{.status = 200, .body = "{\"members\":{}}"}, ERR_RETRY_LATER},
        {{.status = 200, .body = "[]"}, ERR_RETRY_LATER},
        {{.status = 200, .body = "{\"members\":[]}", .link = "<" URL ">; rel=next"},
         ERR_RETRY_PARK},
        {{.status = 200, .body = "{\"members\":[]}", .link = "<https://evil.example/>; rel=next"},
         ERR_RETRY_PARK},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_reply replies[] = {
            {.status = 200,
             .body = "{\"members\":[{\"user_id\":\"4\",\"roles\":[\"Learner\"]}]}",
             .link = "<" URL "?from=1>; rel=\"next\""},
            rows[i].second};
        if (read_roster(b, replies, 2) || b->err.retry != rows[i].retry) {
            fail_msg("row %zu: %s", i, b->err.text);
        }
    }
}

/* Canvas: never more than 50 a page, full role names, names by privacy (lti.md 5). */
static void roster__reads_a_canvas_course_of_120(void **state) {
    struct bench *b = *state;
    static char bodies[3][16384];
    static const struct { int from, count; } parts[] = {{0, 50}, {50, 50}, {100, 20}};
    for (int p = 0; p < 3; p++) {
        int at = snprintf(bodies[p], sizeof bodies[p], "{\"id\":\"x\",\"members\":[");
        for (int i = 0; i < parts[p].count; i++) {
            at +=
                snprintf(bodies[p] + at, sizeof bodies[p] - (size_t)at,
                         "%s{\"status\":\"Active\",\"user_id\":\"uuid-%03d\",\"name\":null,"
                         "\"email\":null,\"picture\":null,\"roles\":[\"" MEMBERSHIP "#Learner\"]}",
                         i == 0 ? "" : ",", parts[p].from + i);
        }
        (void)snprintf(bodies[p] + at, sizeof bodies[p] - (size_t)at, "]}");
    }
    const struct fake_reply replies[] = {
        {.status = 200,
         .body = bodies[0],
         .link = "<" URL "?page=2>; rel=\"next\",<" URL ">; rel=\"first\""},
        {.status = 200,
         .body = bodies[1],
         .link = "<" URL ">; rel=\"first\",<" URL "?page=3>; rel=\"next\""},
        {.status = 200, .body = bodies[2], .link = "<" URL ">; rel=\"first\""}};
    assert_true(read_roster(b, replies, 3));
    assert_int_equal(b->roster.count, 120);
    assert_int_equal(b->roster.pages, 3);
    for (size_t i = 0; i < 120; i++) {
        struct sv want = sv_printf(&b->arena, "uuid-%03zu", i);
        assert_true(sv_eq(b->roster.members[i].sub, want) && b->roster.members[i].is_learner &&
                    b->roster.members[i].is_active && b->roster.members[i].name.len == 0);
    }
}

/* Moodle's next link forgets the role that was asked for (moodle.md 4): who comes on the later
 * pages is judged by the roles given, never by the question. */
static void roster__does_not_trust_that_a_filter_lasts(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200,
         .body = "{\"members\":[{\"user_id\":\"4\",\"roles\":[\"Learner\"]}]}",
         .link = "<" URL "?limit=1&from=1>; rel=\"next\""},
        {.status = 200, .body = "{\"members\":[{\"user_id\":\"3\",\"roles\":[\"Instructor\"]}]}"}};
    assert_true(read_roster(b, replies, 2));
    assert_true(b->roster.members[0].is_learner && !b->roster.members[0].is_teacher);
    assert_true(!b->roster.members[1].is_learner && b->roster.members[1].is_teacher);
}

/* attacks.md F9 */
static void roster__keeps_names_as_text(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200,
         .body = "{\"members\":[{\"user_id\":\"4\",\"roles\":[\"Learner\"],"
                 "\"name\":\"<script>alert(1)</script>\"},"
                 "{\"user_id\":\"5\",\"roles\":[\"Learner\"],\"given_name\":\"Ana\"},"
                 "{\"user_id\":\"6\",\"roles\":[\"Learner\"],\"family_name\":\"Ruiz\"}]}"}};
    assert_true(read_roster(b, replies, 1));
    assert_true(sv_eq(b->roster.members[0].name, SV("<script>alert(1)</script>")));
    assert_true(sv_eq(b->roster.members[1].name, SV("Ana")));
    assert_true(sv_eq(b->roster.members[2].name, SV("Ruiz")));
}

static void read_link__asks_with_rlid_and_keeps_each_members_canvas_id(void **state) {
#define CUSTOM "\"https://purl.imsglobal.org/spec/lti/claim/custom\":"
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200,
         .body = "{\"members\":["
                 "{\"user_id\":\"a\",\"roles\":[\"Learner\"],\"message\":[{\"x\":1},{" CUSTOM
                 "{\"canvas_user_id\":\"871\"}}]},"
                 "{\"user_id\":\"b\",\"roles\":[\"Learner\"],\"message\":[{" CUSTOM
                 "{\"canvas_user_id\":872}}]},"
                 "{\"user_id\":\"c\",\"roles\":[\"Learner\"],\"message\":[{" CUSTOM
                 "{\"canvas_user_id\":\"$Canvas.user.id\"}}]},"
                 "{\"user_id\":\"d\",\"roles\":[\"Learner\"],\"message\":[{" CUSTOM "[]}]},"
                 "{\"user_id\":\"e\",\"roles\":[\"Learner\"],\"message\":{}},"
                 "{\"user_id\":\"f\",\"roles\":[\"Learner\"]}]}"}};
    static const char *const want[] = {"871", "872", "", "", "", ""};
    b->fake.replies = replies;
    b->fake.reply_count = 1;
    assert_true(lti_nrps_read_link(&b->service, SV(URL "?x=1"), SV("link/7 &"), &b->arena,
                                   &b->roster, &b->err));
    assert_string_equal(b->fake.seen[0].url, URL "?x=1&rlid=link%2F7%20%26");
    assert_string_equal(b->fake.seen[0].accept,
                        "application/vnd.ims.lti-nrps.v2.membershipcontainer+json");
    assert_int_equal(b->roster.count, 6);
    for (size_t i = 0; i < 6; i++) {
        if (!sv_eq(b->roster.members[i].canvas_id, sv_from(want[i]))) {
            fail_msg("member %zu", i);
        }
    }
}

/* attacks.md F9 */
static void roster__is_bounded(void **state) {
    struct bench *b = *state;
    struct lti_roster full = {.count = LTI_ROSTER_MAX, .cap = LTI_ROSTER_MAX};
    assert_false(lti_nrps_page_parse(SV("{\"members\":[{\"user_id\":\"5\",\"roles\":[]}]}"),
                                     &b->arena, &full, &b->err));
    assert_string_equal(b->err.reason, "roster");
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BENCH(roster__reads_moodles_short_roles),
        WITH_BENCH(roster__knows_roles_and_states),
        WITH_BENCH(roster__never_lists_a_test_user_as_learner),
        WITH_BENCH(roster__skips_nobodies_and_goes_on),
        WITH_BENCH(roster__follows_pages),
        WITH_BENCH(roster__is_all_or_nothing),
        WITH_BENCH(roster__reads_a_canvas_course_of_120),
        WITH_BENCH(roster__does_not_trust_that_a_filter_lasts),
        WITH_BENCH(roster__keeps_names_as_text),
        WITH_BENCH(read_link__asks_with_rlid_and_keeps_each_members_canvas_id),
        WITH_BENCH(roster__is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
