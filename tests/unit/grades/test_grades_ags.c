#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_http.h"
#include "grades_source.h"

static const struct model_registration platform = {
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
    struct grades_source source;
    struct grades_course course;
    struct grades_io io;
    struct grades_reading reading;
    struct err err;
};

static int setup(void **state) {
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->now = INT64_C(1795452329) * USEC_PER_S;
    b->service = (struct lti_service){.registration = &platform,
                                      .deployment_id = SV("1"),
                                      .http = {.fetch = fake_fetch, .ctx = &b->fake},
                                      .signer = {fake_sign, NULL},
                                      .clock = {fake_now, &b->now},
                                      .tokens = lti_tokens_create()};
    b->source = (struct grades_source){.kind = GRADES_AGS, .service = &b->service};
    b->course = (struct grades_course){.lineitems_url = SV("https://lms.example/2/lineitems"),
                                       .nrps_url = SV("https://lms.example/2/members")};
    b->io = (struct grades_io){
        .http = b->service.http, .clock = {fake_now, &b->now}, .arena = &b->arena};
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

static bool read_course(struct bench *b, const struct fake_reply *replies, size_t count) {
    b->fake.replies = replies;
    b->fake.reply_count = count;
    b->fake.next = 0;
    b->err = (struct err){0};
    return grades_read(&b->source, &b->course, &b->io, &b->reading, &b->err);
}

#define MEMBERS                                                                                    \
    { .status = 200, .body = "{\"members\":[{\"user_id\":\"4\",\"roles\":[\"Learner\"]}]}" }
#define ONE_COLUMN                                                                                 \
    {                                                                                              \
        .status = 200, .body =                                                                     \
                           "[{\"id\":\"https://lms.example/2/lineitems/8\",\"label\":\"Lab 1\","   \
                           "\"scoreMaximum\":50,\"resourceId\":\"\",\"tag\":\"\"}]"                \
    }

static void ags__reads_columns_and_members(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        MEMBERS,
        ONE_COLUMN,
        {.status = 200,
         .body = "[{\"userId\":\"4\",\"resultScore\":30,\"resultMaximum\":60},"
                 "{\"userId\":\"4\",\"resultScore\":31,\"resultMaximum\":60},"
                 "{\"userId\":\"5\"}]"}};
    assert_true(read_course(b, replies, 3));
    const struct grades_reading *r = &b->reading;
    assert_int_equal(r->member_count, 1);
    assert_int_equal(r->item_count, 1);
    assert_true(sv_eq(r->items[0].ref, SV("https://lms.example/2/lineitems/8")));
    assert_true(sv_eq(r->items[0].title, SV("Lab 1")));
    assert_true(sv_eq(r->items[0].source, SV("ags")));
    assert_int_equal(r->fact_count, 1); /* one for a person and item, none without a score */
    assert_true(sv_eq(r->facts[0].person_ref, SV("4")));
    assert_true(dec_cmp(r->facts[0].score, dec_from_i64(30)) == 0);
    assert_true(dec_cmp(r->facts[0].maximum, dec_from_i64(60)) == 0);
    assert_true(r->facts[0].is_posted);
    assert_int_equal(r->can, GRADES_CAN_MEMBERS | GRADES_CAN_SCORES | GRADES_CAN_TITLES);
    assert_true(r->is_complete && r->missing.len > 0);
}

static void ags__is_not_complete_without_a_roster(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {ONE_COLUMN, {.status = 200, .body = "[]"}};
    b->course.nrps_url = sv_of(NULL, 0);
    assert_true(read_course(b, replies, 2));
    assert_false(b->reading.is_complete);
    assert_int_equal(b->reading.can & GRADES_CAN_MEMBERS, 0);
}

static void ags__is_all_or_nothing(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {MEMBERS, ONE_COLUMN, {.status = 500, .body = ""}};
    assert_false(read_course(b, replies, 3));
    assert_int_equal(b->err.retry, ERR_RETRY_LATER);
    assert_int_equal(b->reading.member_count + b->reading.item_count, 0);
}

static void ags__wants_a_course_that_offers_line_items(void **state) {
    struct bench *b = *state;
    b->course.lineitems_url = sv_of(NULL, 0);
    assert_false(read_course(b, NULL, 0));
    assert_string_equal(b->err.reason, "no_lineitems");
    assert_int_equal(b->err.retry, ERR_RETRY_PARK);
}

static void ags_test__says_what_can_be_read(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {ONE_COLUMN, {.status = 403, .body = ""}};
    struct grades_probe probe;
    b->fake.replies = replies;
    b->fake.reply_count = 2;
    assert_true(grades_test(&b->source, &b->course, &b->io, &probe, &b->err));
    assert_false(probe.is_good);
    assert_int_equal(probe.word_count, 2);
    assert_true(sv_eq(probe.words[0], SV("1 columns of this tool can be read.")));
    assert_true(sv_starts(probe.words[1], SV("Members cannot be read: ")));
}

static void sources_that_are_not_fetched__say_so(void **state) {
    struct bench *b = *state;
    b->source.kind = GRADES_CSV;
    assert_false(read_course(b, NULL, 0));
    assert_string_equal(b->err.reason, "source_kind");
    assert_non_null(strstr(b->err.text, "uploaded files"));
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BENCH(ags__reads_columns_and_members),
        WITH_BENCH(ags__is_not_complete_without_a_roster),
        WITH_BENCH(ags__is_all_or_nothing),
        WITH_BENCH(ags__wants_a_course_that_offers_line_items),
        WITH_BENCH(ags_test__says_what_can_be_read),
        WITH_BENCH(sources_that_are_not_fetched__say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
