#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_fresh.h"

#define NOW (INT64_C(1000000) * USEC_PER_S)
#define BEFORE(seconds) (NOW - INT64_C(seconds) * USEC_PER_S)

static void page_fresh_of__never_calls_a_failure_good_or_a_wait_a_reading(void **state) {
    (void)state;
    const struct sv moodle = SV("moodle");
    const struct {
        const char *name;
        struct store_fresh f;
        enum page_fresh want;
    } rows[] = {
        {"never", {.source_kind = moodle}, PAGE_FRESH_UNREAD},
        {"just now", {.source_kind = moodle, .synced_at = BEFORE(5)}, PAGE_FRESH_GOOD},
        {"asked for, and it broke off",
         {.source_kind = moodle,
          .synced_at = BEFORE(90),
          .requested_at = BEFORE(10),
          .failed_at = BEFORE(5)},
         PAGE_FRESH_FAILED},
        {"never read, and it broke off",
         {.source_kind = moodle, .failed_at = BEFORE(5)},
         PAGE_FRESH_FAILED},
        {"broke off, and is read again",
         {.source_kind = moodle, .failed_at = BEFORE(5), .is_reading = true},
         PAGE_FRESH_READING},
        {"waits for its turn",
         {.source_kind = moodle, .synced_at = BEFORE(90), .is_queued = true},
         PAGE_FRESH_QUEUED},
        {"due in a while",
         {.source_kind = moodle, .synced_at = BEFORE(90000), .next_read_at = NOW + 1},
         PAGE_FRESH_GOOD},
        {"due an hour ago",
         {.source_kind = moodle, .synced_at = BEFORE(9000), .next_read_at = BEFORE(3600)},
         PAGE_FRESH_GOOD},
        {"due more than an hour ago",
         {.source_kind = moodle, .synced_at = BEFORE(9000), .next_read_at = BEFORE(3601)},
         PAGE_FRESH_OLD},
        {"never due, a day old",
         {.source_kind = moodle, .synced_at = BEFORE(86400)},
         PAGE_FRESH_GOOD},
        {"never due, more than a day old",
         {.source_kind = moodle, .synced_at = BEFORE(86401)},
         PAGE_FRESH_OLD},
        {"the course is over",
         {.source_kind = moodle, .synced_at = BEFORE(900000), .is_over = true},
         PAGE_FRESH_GOOD},
        {"from a file", {.source_kind = SV("csv"), .synced_at = BEFORE(900000)}, PAGE_FRESH_GOOD},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum page_fresh got = page_fresh_of(&rows[i].f, NOW);
        if (got != rows[i].want) {
            fail_msg("%s: %d", rows[i].name, got);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_fresh_of__never_calls_a_failure_good_or_a_wait_a_reading)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
