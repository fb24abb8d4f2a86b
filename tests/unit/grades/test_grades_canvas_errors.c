/* A Canvas that pages badly, is busy, says no or sends something else (lti.md 11.3; attacks.md F4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "canvas_site.h"

#define ANA "871"
#define NEXT(url) "<" url ">; rel=\"next\""
#define WORK_URL SITE "/api/v1/courses/55/assignments"

static void must_fail(struct bench *b, enum err_code code, enum err_retry retry,
                      const char *reason) {
    if (read_course(b) || b->err.code != code || b->err.retry != retry ||
        strcmp(b->err.reason, reason) != 0) {
        fail_msg("wanted %s, got %s (%d %d): %s", reason, b->err.reason, (int)b->err.code,
                 (int)b->err.retry, b->err.text);
    }
    assert_int_equal(b->reading.item_count + b->reading.fact_count + b->reading.member_count, 0);
    assert_null(strstr(b->err.text, "secret")); /* neither the token nor what the peer said */
}

static struct bench *start_again(void **state) {
    (void)teardown(state);
    (void)setup(state);
    return *state;
}

static void canvas__reads_every_page(void **state) {
    struct bench *b = *state;
    const char *work = "[" ASSIGNMENT("120", "A", "10", "points", "") "]";
    reply_with(
        b, (struct canned){.url = "/assignments?per_page",
                           .body = work,
                           .link = NEXT(WORK_URL "?page=bookmark:xyz") ", <" WORK_URL
                                                                       "?page=1>; rel=\"first\""});
    reply_with(b, (struct canned){.url = "page=bookmark:xyz",
                                  .body = "[" ASSIGNMENT("121", "B", "10", "points", "") "]",
                                  .link = "<" WORK_URL "?page=1>; rel=\"prev\""});
    must_read(b);
    assert_non_null(item_of(b, MODEL_ITEM_ACTIVITY, "120"));
    assert_non_null(item_of(b, MODEL_ITEM_ACTIVITY, "121"));
}

static void canvas__refuses_pages_that_lead_elsewhere_or_nowhere(void **state) {
    static const char *const links[] = {
        NEXT("https://evil.example/api/v1/courses/55/assignments?page=2"),
        NEXT("http://school.instructure.com/api/v1/courses/55/assignments?page=2"),
        NEXT("https://school.instructure.com:8443/api/v1/courses/55/assignments?page=2"),
        NEXT("file:///etc/passwd"),
        NEXT(WORK_URL "?per_page=100&exclude_response_fields[]=description"
                      "&exclude_response_fields[]=rubric"), /* itself */
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        reply_with(b, (struct canned){.url = "/assignments?",
                                      .body = "[" ASSIGNMENT("120", "A", "10", "points", "") "]",
                                      .link = links[i]});
        must_fail(b, ERR_UPSTREAM, ERR_RETRY_PARK, "paging");
        assert_int_equal(asked(b, "evil"), 0);
    }
}

static void canvas__stops_at_pages_that_repeat_themselves(void **state) {
    struct bench *b = *state;
    const char *work = "[" ASSIGNMENT("120", "A", "10", "points", "") "]";
    reply_with(
        b, (struct canned){.url = "/assignments?", .body = work, .link = NEXT(WORK_URL "?page=2")});
    reply_with(b, (struct canned){.url = "page=2", .body = work, .link = NEXT(WORK_URL "?page=3")});
    must_fail(b, ERR_UPSTREAM, ERR_RETRY_LATER, "paging");
    assert_int_equal(asked(b, "page=3"), 0);
}

static void canvas__takes_rows_that_come_twice_once(void **state) {
    struct bench *b = *state; /* somebody was enrolled while the pages were turned */
    reply_with(b, (struct canned){.url = "/students/submissions",
                                  .body = "[" OF("871", GRADED("120", "8", "\"8\"")) "]",
                                  .link = NEXT(SITE "/api/v1/s?page=2")});
    reply_body(b, "/api/v1/s?page=2",
               "[" OF("871", GRADED("120", "1", "\"1\"")) "," OF(
                   "872", GRADED("120", "7", "\"7\"") "," GRADED("120", "2", "\"2\"")) "]");
    must_read(b);
    assert_dec(fact_of(b, ANA, MODEL_ITEM_ACTIVITY, "120")->score, "8");
    assert_dec(fact_of(b, "872", MODEL_ITEM_ACTIVITY, "120")->score, "7");
    assert_true(b->reading.is_complete);
}

static void canvas__asks_again_for_people_who_slipped_between_pages(void **state) {
    struct bench *b = *state;
    reply_body(b, "/students/submissions?student_ids[]=all", "[" OF("872", "") "]");
    reply_body(b, "/students/submissions?student_ids[]=871",
               "[" OF("871", GRADED("120", "9", "\"9\"")) "]");
    must_read(b);
    assert_dec(fact_of(b, ANA, MODEL_ITEM_ACTIVITY, "120")->score, "9");
    assert_true(b->reading.is_complete);
    /* still not there: nothing that is known of Ana may count as gone */
    reply_with(b, (struct canned){.url = "student_ids[]=871", .status = 401, .body = "{}"});
    must_read(b);
    assert_true(fact_of(b, ANA, MODEL_ITEM_ACTIVITY, "120")->is_kept);
    assert_null(fact_of(b, "872", MODEL_ITEM_ACTIVITY, "120"));
    assert_true(b->reading.is_complete);
}

static void canvas__notices_assignments_that_change_while_it_reads(void **state) {
    struct bench *b = *state;
    const char *one = "[" ASSIGNMENT("120", "A", "10", "points", "") "]";
    const char *two = "[" ASSIGNMENT("120", "A", "10", "points", "") "," //
        ASSIGNMENT("121", "B", "10", "points", "") "]";
    reply_body(b, "/students/submissions",
               "[" OF("871", GRADED("121", "9", "\"9\"")) "," OF("872", "") "]");
    reply_body(b, "/assignments?", two);
    reply_with(b, (struct canned){.url = "/assignments?", .body = one, .times = 1});
    must_fail(b, ERR_UPSTREAM, ERR_RETRY_LATER, "changed");
    /* one that the token's account may never see is no change */
    reply_body(b, "/assignments?", one);
    must_read(b);
    assert_true(b->reading.is_complete);
}

static void canvas__slows_down_when_it_is_told_to(void **state) {
    static const struct canned rows[] = {
        {.url = "/assignments?", .status = 403, .body = "403 Forbidden (Rate Limit Exceeded)\n"},
        {.url = "/assignments?", .status = 429, .body = "{\"errors\":\"slow\"}"},
        {.url = "/assignments?", .status = 429, .body = "429 (Rate Limit Exceeded)"},
        {.url = "/assignments?", .status = 503, .body = "<html>"},
        {.url = "/assignments?", .status = -1},
        {.url = "/assignments?", .body = "[{\"id\":\"120\",\"na"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench *b = start_again(state);
        struct canned twice = rows[i];
        twice.times = 2;
        reply_with(b, twice);
        must_read(b); /* goes on with the same page */
        assert_int_equal(b->canvas.pauses, 2);
        assert_in_range(b->canvas.paused_ms[0], 500, 1000);
        assert_in_range(b->canvas.paused_ms[1], 1000, 2000);
        reply_with(b, rows[i]);
        assert_false(read_course(b));
        assert_int_equal(b->err.retry, ERR_RETRY_LATER);
        assert_int_equal(asked(b, "/assignments?"), 4);
    }
}

#define PEOPLE_URL SITE "/api/v1/courses/55/enrollments"

/* Three pages of people, the second of which is `broken` twice. */
static void three_pages(struct bench *b, struct canned broken) {
    broken.url = "page=p2";
    broken.times = 2;
    reply_with(
        b, (struct canned){.url = "page=p3",
                           .body = "[" ENROLMENT("3", "3", "TeacherEnrollment", "active", "") "]"});
    reply_with(b, (struct canned){.url = "page=p2",
                                  .body = "[" ENROLMENT("2", "872", "StudentEnrollment", "active",
                                                        GRADES("70", "65", "null")) "]",
                                  .link = NEXT(PEOPLE_URL "?page=p3")});
    reply_with(b, broken);
    reply_with(b, (struct canned){.url = "/enrollments?type",
                                  .body = "[" ENROLMENT("1", "871", "StudentEnrollment", "active",
                                                        GRADES("91.5", "88.2", "\"B+\"")) "]",
                                  .link = NEXT(PEOPLE_URL "?page=p2")});
}

static void canvas__goes_on_at_the_page_that_broke(void **state) {
    static const struct canned rows[] = {
        {.status = 403, .body = "403 Forbidden (Rate Limit Exceeded)\n"},
        {.status = 429, .body = "{}"},
        {.status = 502, .body = "<html>"},
        {.status = -1},
        {.body = "[" ENROLMENT("2", "872", "StudentEnrollment", "active", "")},
        {.body = "[{\"id\":\"2\",\"user_id\":\"8"},
        {.body = "[{\"id\":\"2\",\"note\":\"]}"},
        {.body = "<!DOCTYPE html><p>One moment, please"},
        {.body = "One moment, please"},
        {.body = ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench *b = start_again(state);
        three_pages(b, rows[i]);
        must_read(b);
        assert_int_equal(asked(b, "/enrollments?type"), 1);
        assert_int_equal(asked(b, "page=p2"), 3);
        assert_int_equal(asked(b, "page=p3"), 1);
        assert_non_null(member_of(b, "872"));
    }
}

/* Well formed around, damaged inside: the rows in front of it are not believed either. */
static void canvas__takes_nothing_of_a_page_with_a_damaged_row(void **state) {
    struct bench *b = *state;
    reply_body(b, "/assignments?",
               "[" ASSIGNMENT("120", "A", "10", "points", "") ",{\"id\":oops}]");
    must_fail(b, ERR_UPSTREAM, ERR_RETRY_LATER, "truncated");
    reply_body(b, "/assignments?",
               "[" ASSIGNMENT("120", "A", "10", "points", "") ",{\"id\":\"1\",\"id\":\"2\"}]");
    must_fail(b, ERR_UPSTREAM, ERR_RETRY_LATER, "truncated");
}

/* Rows that left while the pages were turned leave a page empty; what is behind it is still read.
 */
static void canvas__reads_on_behind_an_empty_page(void **state) {
    struct bench *b = *state;
    three_pages(b, (struct canned){.body = "[]", .link = NEXT(PEOPLE_URL "?page=p3")});
    reply_with(b, (struct canned){
                      .url = "page=p3",
                      .body = "[" ENROLMENT("2", "872", "StudentEnrollment", "completed", "") "]"});
    must_read(b);
    assert_non_null(member_of(b, "872"));
}

static void canvas__believes_nothing_when_the_token_is_revoked_half_way(void **state) {
    struct bench *b = *state;
    reply_with(b, (struct canned){.url = "/students/submissions",
                                  .body = "[" OF("871", GRADED("120", "8", "\"8\"")) "]",
                                  .link = NEXT(SITE "/api/v1/s?page=2")});
    reply_with(b, (struct canned){.url = "/api/v1/s?page=2",
                                  .status = 401,
                                  .body = "{\"errors\":[{\"message\":\"Revoked\"}]}",
                                  .name = "www-authenticate",
                                  .text = "Bearer realm=\"canvas-lms\""});
    must_fail(b, ERR_DENIED, ERR_RETRY_PARK, "token");
    assert_int_equal(asked(b, "/api/v1/s?page=2"), 1); /* attacks.md F7 */
    /* a right that is taken away half-way: nobody on later pages counts as without grades */
    reply_with(b, (struct canned){.url = "/api/v1/s?page=2", .status = 401, .body = "{}"});
    must_read(b);
    assert_false(b->reading.is_complete);
    assert_int_equal(b->reading.can & GRADES_CAN_SCORES, 0);
}

static void canvas__says_that_a_certificate_is_not_trusted(void **state) {
    struct bench *b = *state;
    reply_with(b, (struct canned){.url = "/assignments?", .status = -2});
    must_fail(b, ERR_UPSTREAM, ERR_RETRY_PARK, "tls");
    assert_non_null(strstr(b->err.text, "certificate"));
    assert_int_equal(asked(b, "/assignments?"), 1);
}

static void canvas__breaks_off_where_nothing_is_waited_for(void **state) {
    struct bench *b = *state;
    b->is_stopping = true;
    reply_with(b, (struct canned){.url = "/assignments?", .status = 429, .body = "{}"});
    must_fail(b, ERR_UPSTREAM, ERR_RETRY_LATER, "throttle");
    assert_int_equal(asked(b, "/assignments?"), 1);
    reply_with(b, (struct canned){.url = "lti_context_id:",
                                  .body = COURSE,
                                  .name = "X-Rate-Limit-Remaining",
                                  .text = "3"});
    must_fail(b, ERR_UPSTREAM, ERR_RETRY_LATER, "paused");
    assert_int_equal(b->canvas.calls, 1);
}

static void canvas__waits_as_long_as_it_is_asked_to(void **state) {
    struct bench *b = *state;
    reply_with(b, (struct canned){.url = "/assignments?",
                                  .status = 429,
                                  .body = "",
                                  .name = "Retry-After",
                                  .text = "7",
                                  .times = 1});
    must_read(b);
    assert_int_equal(b->canvas.paused_ms[0], 7000);
    reply_with(b, (struct canned){.url = "/assignments?",
                                  .status = 429,
                                  .body = "",
                                  .name = "Retry-After",
                                  .text = "86400",
                                  .times = 1});
    must_read(b);
    assert_int_equal(b->canvas.paused_ms[0], 60000); /* the queue waits better than a worker */
}

static void canvas__keeps_a_reserve_of_the_rate_limit(void **state) {
    static const struct {
        const char *left;
        int64_t ms;
    } rows[] = {{"599.25", 0}, {"100", 0}, {"40.0", 6000}, {"0.5", 9950}, {"lots", 0}};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_with(b, (struct canned){.url = "lti_context_id:",
                                      .body = COURSE,
                                      .name = "X-Rate-Limit-Remaining",
                                      .text = rows[i].left});
        must_read(b);
        assert_int_equal(b->canvas.pauses, rows[i].ms > 0 ? 1 : 0);
        if (rows[i].ms > 0) {
            assert_int_equal(b->canvas.paused_ms[0], rows[i].ms);
        }
    }
}

static void canvas__tells_a_bad_token_from_a_missing_right(void **state) {
    struct bench *b = *state;
    reply_with(b, (struct canned){.url = "/assignments?",
                                  .status = 401,
                                  .body = "{\"errors\":[{\"message\":\"secret\"}]}",
                                  .name = "WWW-Authenticate",
                                  .text = "Bearer realm=\"canvas-lms\""});
    must_fail(b, ERR_DENIED, ERR_RETRY_PARK, "token");
    static const int statuses[] = {401, 403};
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        reply_with(b, (struct canned){.url = "/assignments?",
                                      .status = statuses[i],
                                      .body = "{\"errors\":{\"message\":\"secret\"}}"});
        must_read(b); /* the rest is still worth having */
        assert_true(has_part(b->reading.missing, "Assignments are not granted"));
        assert_int_equal(b->reading.can & (GRADES_CAN_SCORES | GRADES_CAN_TITLES), 0);
        assert_false(b->reading.is_complete);
        assert_non_null(fact_of(b, ANA, MODEL_ITEM_COURSE_FINAL, ""));
    }
}

static void canvas__says_what_to_mend(void **state) {
    static const struct {
        struct canned row;
        enum err_code code;
        enum err_retry retry;
        const char *reason, *says;
    } rows[] = {
        {{.url = "lti_context_id:", .status = 404, .body = "{}"},
         ERR_NOT_FOUND,
         ERR_RETRY_PARK,
         "http_404",
         "the course"},
        {{.url = "lti_context_id:", .status = 302, .body = ""},
         ERR_UPSTREAM,
         ERR_RETRY_PARK,
         "http_3xx",
         "base URL"},
        {{.url = "lti_context_id:", .body = "<!DOCTYPE html><p>Log in"},
         ERR_UPSTREAM,
         ERR_RETRY_PARK,
         "html",
         "base URL"},
        {{.url = "lti_context_id:", .body = "pong"},
         ERR_UPSTREAM,
         ERR_RETRY_PARK,
         "not_canvas",
         "base URL"},
        {{.url = "lti_context_id:", .body = "[]"},
         ERR_UPSTREAM,
         ERR_RETRY_LATER,
         "shape",
         "the course"},
        {{.url = "lti_context_id:", .body = "{\"id\":null}"},
         ERR_UPSTREAM,
         ERR_RETRY_LATER,
         "shape",
         "the course"},
        {{.url = "/enrollments", .status = 401, .body = "{}"},
         ERR_DENIED,
         ERR_RETRY_PARK,
         "permission",
         "the enrolments"},
        {{.url = "/enrollments", .body = "{\"errors\":[]}"},
         ERR_UPSTREAM,
         ERR_RETRY_LATER,
         "error",
         "the enrolments"},
        {{.url = "/enrollments", .body = "[null]"},
         ERR_UPSTREAM,
         ERR_RETRY_LATER,
         "shape",
         "the enrolments"},
        {{.url = "/enrollments", .body = "[{\"id\":1.5}]"},
         ERR_UPSTREAM,
         ERR_RETRY_LATER,
         "shape",
         "the enrolments"},
        {{.url = "/assignments?",
          .body = "[{\"id\":1,\"points_possible\":\"ten\",\"published\":true}]"},
         ERR_UPSTREAM,
         ERR_RETRY_LATER,
         "shape",
         "the assignments"},
        {{.url = "/assignments?", .status = 400, .body = "{}"},
         ERR_UPSTREAM,
         ERR_RETRY_NO,
         "http_400",
         "the assignments"},
        {{.url = "/submissions", .body = "[{\"user_id\":\"871\",\"submissions\":null}]"},
         ERR_UPSTREAM,
         ERR_RETRY_LATER,
         "shape",
         "the submissions"},
        {{.url = "/submissions",
          .body = "[" OF("871", "{\"assignment_id\":\"120\",\"score\":\"<b>\"}") "]"},
         ERR_UPSTREAM,
         ERR_RETRY_LATER,
         "shape",
         "the submissions"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench *b = start_again(state);
        reply_with(b, rows[i].row);
        must_fail(b, rows[i].code, rows[i].retry, rows[i].reason);
        if (strstr(b->err.text, rows[i].says) == NULL) {
            fail_msg("row %zu: %s", i, b->err.text);
        }
    }
}

static void canvas__refuses_a_course_that_could_be_a_path(void **state) {
    static const char *const refs[] = {"", "../users", "a/b", "1?x=1", "a b", "caf\xC3\xA9"};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(refs); i++) {
        b->course.ref = sv_from(refs[i]);
        must_fail(b, ERR_INPUT, ERR_RETRY_PARK, "course");
        assert_int_equal(b->canvas.calls, 0);
    }
}

static void canvas__ends_a_reading_that_takes_too_long(void **state) {
    struct bench *b = *state; /* each page says "wait a minute" once more */
    reply_with(b, (struct canned){.url = "/students/submissions", .body = "[]"});
    for (int i = 0; i < 20; i++) {
        reply_with(
            b, (struct canned){.url = arena_printf(&b->arena, "page=%d.", i),
                               .body = "[]",
                               .name = "Retry-After",
                               .text = "60",
                               .link = arena_printf(&b->arena, NEXT(WORK_URL "?page=%d."), i + 1)});
        reply_with(b, (struct canned){.url = arena_printf(&b->arena, "page=%d.", i),
                                      .status = 429,
                                      .body = "",
                                      .name = "Retry-After",
                                      .text = "60",
                                      .times = 2});
    }
    reply_with(b, (struct canned){
                      .url = "/assignments?per", .body = "[]", .link = NEXT(WORK_URL "?page=0.")});
    must_fail(b, ERR_UPSTREAM, ERR_RETRY_LATER, "too_long");
}

static bool is_said(const struct grades_probe *probe, const char *words) {
    for (size_t i = 0; i < probe->word_count; i++) {
        if (has_part(probe->words[i], words)) {
            return true;
        }
    }
    return false;
}

static void canvas__probes_a_token_in_words(void **state) {
    struct bench *b = *state;
    struct grades_probe probe;
    struct err err = {0};
    reply_with(b, (struct canned){.url = "/users/871", .status = 401, .body = "{}"});
    reply_body(b, "/courses/55/users/871", "{\"id\":\"871\"}"); /* is enough */
    reply_body(b, "/users/self", "{\"id\":\"1\",\"name\":\"Laurel Reader\"}");
    assert_true(grades_test(&b->source, NULL, &b->io, &probe, &err));
    assert_true(sv_eq(probe.site, SV("Canvas, as Laurel Reader")) && probe.is_good);
    reply_body(b, "/bulk_user_progress", "[]");
    assert_true(grades_test(&b->source, &b->course, &b->io, &probe, &err));
    assert_true(probe.is_good);
    assert_int_equal(probe.can, GRADES_CAN_MEMBERS | GRADES_CAN_TITLES | GRADES_CAN_SCORES |
                                    GRADES_CAN_COMPLETION | GRADES_CAN_COURSE_COMPLETION |
                                    GRADES_CAN_COURSE_TOTAL);
    reply_with(b, (struct canned){.url = "/bulk_user_progress", .status = 400, .body = "{}"});
    assert_true(grades_test(&b->source, &b->course, &b->io, &probe, &err));
    assert_true(probe.is_good); /* a course without requirements lacks nothing */
    reply_body(b, "/bulk_user_progress", "{\"error\":{\"message\":\"no progress available\"}}");
    assert_true(grades_test(&b->source, &b->course, &b->io, &probe, &err));
    assert_true(probe.is_good);
    reply_with(b, (struct canned){.url = "/submissions", .status = 403, .body = "{}"});
    reply_with(b, (struct canned){.url = "/users/self", .status = 401, .body = "{}"});
    assert_true(grades_test(&b->source, &b->course, &b->io, &probe, &err));
    assert_false(probe.is_good);
    assert_true(is_said(&probe, "Submissions cannot be read"));
    assert_true(is_said(&probe, "Who is who of the launches can be read."));
    reply_with(b, (struct canned){.url = "/courses/55/users/871", .status = 401, .body = "{}"});
    assert_true(grades_test(&b->source, &b->course, &b->io, &probe, &err));
    assert_true(is_said(&probe, "Who is who of the launches cannot be read: "));
    reply_with(b, (struct canned){.url = "/users/self",
                                  .status = 401,
                                  .body = "{}",
                                  .name = "WWW-Authenticate",
                                  .text = "Bearer"});
    assert_false(grades_test(&b->source, NULL, &b->io, &probe, &err));
    assert_string_equal(err.reason, "token");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(canvas__reads_every_page, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__refuses_pages_that_lead_elsewhere_or_nowhere, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__stops_at_pages_that_repeat_themselves, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__takes_rows_that_come_twice_once, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__asks_again_for_people_who_slipped_between_pages,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__notices_assignments_that_change_while_it_reads,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__slows_down_when_it_is_told_to, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__goes_on_at_the_page_that_broke, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__takes_nothing_of_a_page_with_a_damaged_row, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__reads_on_behind_an_empty_page, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__believes_nothing_when_the_token_is_revoked_half_way,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__says_that_a_certificate_is_not_trusted, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__breaks_off_where_nothing_is_waited_for, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__waits_as_long_as_it_is_asked_to, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__keeps_a_reserve_of_the_rate_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__tells_a_bad_token_from_a_missing_right, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__says_what_to_mend, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__refuses_a_course_that_could_be_a_path, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__ends_a_reading_that_takes_too_long, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__probes_a_token_in_words, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
