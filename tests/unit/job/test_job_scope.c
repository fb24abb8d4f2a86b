#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job_scope.h"
#include <string.h>

#define MINUTE (60 * USEC_PER_S)
#define HOUR (60 * MINUTE)

static usec_t at(const char *text) {
    usec_t t = 0;
    assert_true(rfc3339_parse(sv_from(text), &t));
    return t;
}

static const char *name(enum grades_scope scope) {
    return scope == GRADES_WHOLE ? "whole" : "changes";
}

/* A course of 2,000 requests, read whole at 03:00 of the day; the last reading was at 11:58. */
static void scope__is_whole_for_each_of_its_reasons_and_for_no_other(void **state) {
    (void)state;
    static const char *const no_time = "";
    static const struct {
        const char *why, *now, *whole_at, *asked_at, *read_at;
        int64_t requests;
        enum grades_scope want;
    } rows[] = {
        {"nothing is special", "2027-05-03T12:00:00Z", "2027-05-03T03:00:00Z", "",
         "2027-05-03T11:58:00Z", 2000, GRADES_CHANGES},
        {"never read", "2027-05-03T12:00:00Z", "", "", "", 0, GRADES_WHOLE},
        {"the source was changed", "2027-05-03T12:00:00Z", "", "", "2027-05-03T11:58:00Z", 2000,
         GRADES_WHOLE},
        {"twenty requests are few", "2027-05-03T12:00:00Z", "2027-05-03T03:00:00Z", "",
         "2027-05-03T11:58:00Z", 20, GRADES_WHOLE},
        {"twenty-one are not", "2027-05-03T12:00:00Z", "2027-05-03T03:00:00Z", "",
         "2027-05-03T11:58:00Z", 21, GRADES_CHANGES},
        {"somebody checks now", "2027-05-03T12:00:00Z", "2027-05-03T03:00:00Z",
         "2027-05-03T11:59:59Z", "2027-05-03T11:58:00Z", 2000, GRADES_WHOLE},
        {"and a reading has answered it", "2027-05-03T12:00:00Z", "2027-05-03T03:00:00Z",
         "2027-05-03T11:57:59Z", "2027-05-03T11:58:00Z", 2000, GRADES_CHANGES},
        {"somebody checks again after five minutes", "2027-05-03T12:00:00Z", "2027-05-03T11:55:00Z",
         "2027-05-03T11:59:59Z", "2027-05-03T11:58:00Z", 2000, GRADES_CHANGES},
        {"and a second", "2027-05-03T12:00:01Z", "2027-05-03T11:55:00Z", "2027-05-03T11:59:59Z",
         "2027-05-03T11:58:00Z", 2000, GRADES_WHOLE},
        {"thirteen hours, but it is day", "2027-05-03T16:00:00Z", "2027-05-03T03:00:00Z", "",
         "2027-05-03T15:58:00Z", 2000, GRADES_CHANGES},
        {"the next morning", "2027-05-04T05:00:00Z", "2027-05-03T03:00:00Z", "",
         "2027-05-03T23:58:00Z", 2000, GRADES_WHOLE},
        {"nine hours, and it is night", "2027-05-04T05:00:00Z", "2027-05-03T20:00:00Z", "",
         "2027-05-04T00:58:00Z", 2000, GRADES_CHANGES},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct job_scope_case c = {
            .course_id = 7,
            .now = at(rows[i].now),
            .source_read_at = strcmp(rows[i].read_at, no_time) == 0 ? 0 : at(rows[i].read_at),
            .whole_at = strcmp(rows[i].whole_at, no_time) == 0 ? 0 : at(rows[i].whole_at),
            .whole_requested_at = strcmp(rows[i].asked_at, no_time) == 0 ? 0 : at(rows[i].asked_at),
            .whole_requests = rows[i].requests};
        enum grades_scope got = job_scope_decide(&c, text_zone_utc);
        if (got != rows[i].want) {
            fail_msg("%s: %s, not %s", rows[i].why, name(got), name(rows[i].want));
        }
    }
}

/* Between one and five on the school's own clock, twelve to thirty-six hours on, and not all
 * courses at once. */
static void whole_due__is_at_night_where_the_school_is(void **state) {
    (void)state;
    static const char *const zones[] = {"UTC", "America/Los_Angeles", "Asia/Kolkata",
                                        "Pacific/Auckland"};
    AUTO_ARENA a = {0};
    for (size_t z = 0; z < ARRAY_LEN(zones); z++) {
        struct err err = {0};
        const struct text_zone *zone = NULL;
        int by_hour[24] = {0};
        assert_true(text_zone_load(&a, TEXT_ZONE_DIR, sv_from(zones[z]), &zone, &err));
        for (int64_t course = 1; course <= 400; course++) {
            usec_t whole = at("2027-05-03T00:00:00Z") + course % 24 * HOUR;
            usec_t due = job_scope_whole_due(course, whole, zone);
            struct text_civil civil = text_zone_civil(zone, due);
            if (due < whole + 12 * HOUR || due > whole + 36 * HOUR || civil.hour < 1 ||
                civil.hour > 4) {
                fail_msg("%s, course %d: at %d:%02d", zones[z], (int)course, civil.hour,
                         civil.minute);
            }
            by_hour[civil.hour]++;
        }
        for (int hour = 1; hour <= 4; hour++) { /* a quarter each, or near it */
            assert_in_range(by_hour[hour], 70, 130);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scope__is_whole_for_each_of_its_reasons_and_for_no_other),
        cmocka_unit_test(whole_due__is_at_night_where_the_school_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
