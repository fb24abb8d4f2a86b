/* When a course is read again: a table, worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job_sync_next.h"

#define S USEC_PER_S
#define MIN (60 * S)
#define H (60 * MIN)
#define D (24 * H)
/* A Saturday in May, at noon and at 23:30, UTC. */
#define NOON (INT64_C(1809777600) * S)
#define NIGHT (NOON + 11 * H + 30 * MIN)

struct row {
    const char *what;
    struct job_sync_seen seen;
    usec_t after; /* -1: never */
};

static void check(const struct row *row) {
    struct job_sync_seen seen = row->seen;
    seen.zone = text_zone_utc;
    usec_t next = job_sync_next(&seen);
    usec_t after = next == 0 ? -1 : next - seen.now;
    if (after != row->after) {
        fail_msg("%s: %lld s, not %lld s", row->what, (long long)(after / S),
                 (long long)(row->after / S));
    }
}

static void job_sync_next__follows_what_a_course_does(void **state) {
    (void)state;
    const struct row rows[] = {
        {"changed", {.now = NOON, .is_changed = true}, 2 * MIN},
        {"changed at night", {.now = NIGHT, .is_changed = true}, 2 * MIN},
        {"used within the hour", {.now = NOON, .used_at = NOON - H, .quiet = 9}, 2 * MIN},
        {"quiet once", {.now = NOON, .used_at = NOON - 2 * H, .quiet = 1}, 4 * MIN},
        {"quiet twice", {.now = NOON, .used_at = NOON - 2 * H, .quiet = 2}, 8 * MIN},
        {"quiet thrice", {.now = NOON, .used_at = NOON - 2 * H, .quiet = 3}, 16 * MIN},
        {"at most half an hour", {.now = NOON, .used_at = NOON - 2 * H, .quiet = 4}, 30 * MIN},
        {"for ever", {.now = NOON, .used_at = NOON - D, .quiet = 1000}, 30 * MIN},
        {"not used for a day", {.now = NOON, .used_at = NOON - D - 1, .quiet = 5}, 64 * MIN},
        {"never used", {.now = NOON, .quiet = 8}, 6 * H},
        {"at night", {.now = NIGHT, .used_at = NIGHT - 3 * H, .quiet = 6}, 128 * MIN},
        /* 23:30 and 6 h is 05:30; 22:30 and 6 h is 04:30; 03:30 and 6 h would be 09:30 */
        {"long at night", {.now = NIGHT, .used_at = NIGHT - 3 * H, .quiet = 9}, 6 * H},
        {"till morning", {.now = NIGHT + 4 * H, .used_at = NIGHT, .quiet = 9}, 2 * H + 30 * MIN},
        {"22:00 is night", {.now = NOON + 10 * H, .used_at = NOON, .quiet = 9}, 6 * H},
        {"21:59 is day", {.now = NOON + 10 * H - S, .used_at = NOON, .quiet = 9}, 30 * MIN},
        {"06:00 is day", {.now = NOON - 6 * H, .used_at = NOON - 8 * H, .quiet = 9}, 30 * MIN},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check(&rows[i]);
    }
}

static void job_sync_next__stops_when_the_term_is_over(void **state) {
    (void)state;
    const struct row rows[] = {
        {"over", {.now = NOON, .used_at = NOON, .is_over = true}, -1},
        {"over, and something came", {.now = NOON, .is_over = true, .is_changed = true}, 2 * MIN},
        {"a fortnight past",
         {.now = NOON, .ends_at = NOON - 14 * D - 1, .changed_at = NOON - 7 * D - 1, .quiet = 9},
         -1},
        {"past, never changed", {.now = NOON, .ends_at = NOON - 15 * D, .quiet = 9}, -1},
        {"past, still graded",
         {.now = NOON, .ends_at = NOON - 15 * D, .changed_at = NOON - 7 * D, .quiet = 9},
         6 * H},
        {"thirteen days past", {.now = NOON, .ends_at = NOON - 13 * D, .quiet = 9}, 6 * H},
        {"still to come", {.now = NOON, .ends_at = NOON + D, .quiet = 9}, 6 * H},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check(&rows[i]);
    }
}

static void job_sync_next__backs_off_from_errors(void **state) {
    (void)state;
    const struct row rows[] = {
        {"once", {.outcome = JOB_SYNC_LATER, .now = NOON, .failures = 1}, 5 * MIN},
        {"twice", {.outcome = JOB_SYNC_LATER, .now = NOON, .failures = 2}, 10 * MIN},
        {"seven times", {.outcome = JOB_SYNC_LATER, .now = NOON, .failures = 7}, 320 * MIN},
        {"eight times", {.outcome = JOB_SYNC_LATER, .now = NOON, .failures = 8}, 6 * H},
        {"always", {.outcome = JOB_SYNC_LATER, .now = NOON, .failures = 1000}, 6 * H},
        {"got further", {.outcome = JOB_SYNC_LATER, .now = NOON, .got_further = true}, 30 * S},
        {"as the host wants",
         {.outcome = JOB_SYNC_LATER, .now = NOON, .failures = 5, .wait_ms = 20000},
         20 * S},
        {"but not for days",
         {.outcome = JOB_SYNC_LATER, .now = NOON, .failures = 1, .wait_ms = 86400000},
         6 * H},
        {"to mend", {.outcome = JOB_SYNC_MEND, .now = NOON, .failures = 1}, 5 * MIN},
        {"still to mend", {.outcome = JOB_SYNC_MEND, .now = NOON, .failures = 8}, 6 * H},
        {"interrupted", {.outcome = JOB_SYNC_STOPPING, .now = NOON, .failures = 3}, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check(&rows[i]);
    }
}

static void job_sync_next__spreads_courses_by_up_to_an_eighth(void **state) {
    (void)state;
    struct job_sync_seen seen = {.outcome = JOB_SYNC_LATER,
                                 .now = NOON,
                                 .zone = text_zone_utc,
                                 .failures = 1,
                                 .chance = 1023};
    usec_t after = job_sync_next(&seen) - NOON;
    assert_true(after > 337 * S && after < 338 * S); /* 300 + 37.5 x 1023/1024 */
    /* nor does everybody come at six in the morning */
    seen = (struct job_sync_seen){
        .now = NIGHT + 4 * H, .zone = text_zone_utc, .used_at = NIGHT, .quiet = 9, .chance = 512};
    after = job_sync_next(&seen) - seen.now - (2 * H + 30 * MIN);
    assert_true(after > MIN && after < 4 * MIN);
}

static void job_sync_next__knows_the_night_of_the_institution(void **state) {
    (void)state;
    struct arena a = {0};
    struct err err = {0};
    struct job_sync_seen seen = {.now = NOON, .used_at = NOON - 2 * H, .quiet = 9};
    assert_true(text_zone_load(&a, TEXT_ZONE_DIR, SV("Pacific/Auckland"), &seen.zone, &err));
    assert_true(job_sync_next(&seen) - NOON == 6 * H); /* midnight there */
    arena_release(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_sync_next__follows_what_a_course_does),
        cmocka_unit_test(job_sync_next__stops_when_the_term_is_over),
        cmocka_unit_test(job_sync_next__backs_off_from_errors),
        cmocka_unit_test(job_sync_next__spreads_courses_by_up_to_an_eighth),
        cmocka_unit_test(job_sync_next__knows_the_night_of_the_institution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
