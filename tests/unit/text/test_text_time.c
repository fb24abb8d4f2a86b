#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text_time.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct text_zone *zone(struct arena *a, const char *name) {
    struct err err = {0};
    const struct text_zone *z = NULL;
    if (!text_zone_load(a, TEXT_ZONE_DIR, sv_from(name), &z, &err)) {
        fail_msg("%s: %s", name, err.text);
    }
    return z;
}

static usec_t at(const char *rfc3339) {
    usec_t t = 0;
    assert_true(rfc3339_parse(sv_from(rfc3339), &t));
    return t;
}

/* Offsets from the zones' laws; the far years only the footer of the file can answer. */
static void zone__knows_the_offset_of_every_season(void **state) {
    (void)state;
    static const struct {
        const char *zone, *utc;
        int offset_min;
    } rows[] = {
        {"UTC", "2027-05-03T12:00:00Z", 0},
        {"", "2027-05-03T12:00:00Z", 0},
        {"Europe/Paris", "2027-01-15T12:00:00Z", 60},
        {"Europe/Paris", "2027-07-15T12:00:00Z", 120},
        {"Europe/Paris", "2027-03-28T00:59:59Z", 60},
        {"Europe/Paris", "2027-03-28T01:00:00Z", 120},
        {"Europe/Paris", "2027-10-31T00:59:59Z", 120},
        {"Europe/Paris", "2027-10-31T01:00:00Z", 60},
        {"Europe/Paris", "2090-07-01T00:00:00Z", 120},
        {"America/New_York", "2027-07-15T12:00:00Z", -240},
        {"America/New_York", "2095-12-15T12:00:00Z", -300},
        {"Australia/Sydney", "2027-01-15T12:00:00Z", 660},
        {"Australia/Sydney", "2088-07-15T12:00:00Z", 600},
        {"Australia/Sydney", "2088-12-31T23:00:00Z", 660},
        {"Asia/Kolkata", "2050-01-15T12:00:00Z", 330},
        {"Asia/Kathmandu", "2027-01-15T12:00:00Z", 345},
        {"America/St_Johns", "2050-07-15T12:00:00Z", -150},
        {"Pacific/Kiritimati", "2027-01-01T00:00:00Z", 840},
        {"Europe/Dublin", "2060-01-15T12:00:00Z", 0}, /* its standard time is summer's */
        {"Europe/Dublin", "2060-07-15T12:00:00Z", 60},
        {"Africa/Casablanca", "2026-01-15T12:00:00Z", 60},
        {"America/Nuuk", "2060-07-15T12:00:00Z", -60},
    };
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct text_civil c = text_zone_civil(zone(&a, rows[i].zone), at(rows[i].utc));
        if (c.offset_s != 60 * rows[i].offset_min) {
            fail_msg("%s at %s: %d s", rows[i].zone, rows[i].utc, c.offset_s);
        }
    }
}

static void zone__turns_wall_clocks_into_moments(void **state) {
    (void)state;
    static const struct {
        const char *zone;
        int year, month, day, hour, minute;
        const char *utc;
    } rows[] = {
        {"UTC", 2027, 5, 3, 0, 0, "2027-05-03T00:00:00Z"},
        {"Europe/Paris", 2027, 5, 3, 14, 5, "2027-05-03T12:05:00Z"},
        {"Europe/Paris", 2027, 3, 28, 2, 30, "2027-03-28T01:30:00Z"},  /* never shown */
        {"Europe/Paris", 2027, 10, 31, 2, 30, "2027-10-31T00:30:00Z"}, /* shown twice */
        {"America/New_York", 2027, 11, 7, 1, 30, "2027-11-07T05:30:00Z"},
        {"Asia/Kolkata", 2027, 1, 1, 0, 0, "2026-12-31T18:30:00Z"},
    };
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct text_civil c = {.year = rows[i].year,
                               .month = rows[i].month,
                               .day = rows[i].day,
                               .hour = rows[i].hour,
                               .minute = rows[i].minute};
        usec_t t = text_zone_usec(zone(&a, rows[i].zone), c);
        if (t != at(rows[i].utc)) {
            char got[RFC3339_MAX];
            fail_msg("%s row %zu: %s", rows[i].zone, i, rfc3339_format(t, got));
        }
    }
}

static void day_end__is_the_next_local_midnight(void **state) {
    (void)state;
    static const struct {
        const char *zone;
        int year, month, day;
        const char *utc;
    } rows[] = {
        {"UTC", 2027, 5, 1, "2027-05-02T00:00:00Z"},
        {"UTC", 2027, 12, 31, "2028-01-01T00:00:00Z"},
        {"UTC", 2028, 2, 29, "2028-03-01T00:00:00Z"},
        {"Europe/Paris", 2027, 5, 1, "2027-05-01T22:00:00Z"},
        {"Europe/Paris", 2027, 3, 28, "2027-03-28T22:00:00Z"}, /* a day of 23 hours */
        {"America/New_York", 2027, 1, 31, "2027-02-01T05:00:00Z"},
        {"America/Sao_Paulo", 2018, 11, 3, "2018-11-04T03:00:00Z"}, /* midnight was skipped */
        {"Pacific/Apia", 2011, 12, 29, "2011-12-30T10:00:00Z"},     /* so was the whole next day */
    };
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        usec_t t = text_day_end(zone(&a, rows[i].zone), rows[i].year, rows[i].month, rows[i].day);
        if (t != at(rows[i].utc)) {
            char got[RFC3339_MAX];
            fail_msg("%s row %zu: %s", rows[i].zone, i, rfc3339_format(t, got));
        }
    }
}

static void zone__goes_there_and_back(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const struct text_zone *z = zone(&a, "Australia/Lord_Howe"); /* moves by half an hour */
    for (usec_t t = at("2026-01-01T00:10:00Z"); t < at("2029-01-01T00:00:00Z");
         t += USEC_PER_S * 7 * 3600) {
        usec_t back = text_zone_usec(z, text_zone_civil(z, t));
        assert_true(back == t || back == t - USEC_PER_S * 1800); /* the earlier of two */
    }
    struct text_civil c = text_zone_civil(text_zone_utc, at("1969-12-31T23:59:59Z"));
    assert_int_equal(c.year * 10000 + c.month * 100 + c.day, 19691231);
    assert_int_equal(c.hour * 3600 + c.minute * 60 + c.second, 86399);
}

static void zone_load__refuses_names_and_files_that_are_none(void **state) {
    (void)state;
    static const char *const rows[] = {
        "../../etc/passwd", "/etc/passwd", "Europe/Nowhere", "zone.tab", "tzdata.zi",
        "Europe",           "a b",         "Europe/Paris\n"};
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        const struct text_zone *z = NULL;
        if (text_zone_load(&a, TEXT_ZONE_DIR, sv_from(rows[i]), &z, &err)) {
            fail_msg("%s was taken", rows[i]);
        }
        assert_string_equal(err.reason, "zone");
    }
}

/* Every cut of a real file is refused or read, never overrun (AddressSanitizer watches). */
static void zone_load__survives_damaged_files(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    char folder[] = "/tmp/laurel-zone-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char *path = arena_printf(&a, "%s/Bad", folder);
    FILE *f = fopen(TEXT_ZONE_DIR "/Europe/Paris", "rb");
    assert_non_null(f);
    char bytes[8192];
    size_t len = fread(bytes, 1, sizeof bytes, f);
    (void)fclose(f);
    size_t taken = 0;
    for (size_t cut = 0; cut < len; cut += 13) {
        f = fopen(path, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(bytes, 1, cut, f), cut);
        (void)fclose(f);
        struct err err = {0};
        const struct text_zone *z = NULL;
        taken += text_zone_load(&a, folder, SV("Bad"), &z, &err) ? 1 : 0;
    }
    assert_int_equal(taken, 0);
    (void)unlink(path);
    (void)rmdir(folder);
}

static void time__is_written_in_words(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    char out[TEXT_TIME_MAX];
    const struct text_zone *paris = zone(&a, "Europe/Paris");
    assert_string_equal(text_date(paris, at("2027-05-03T12:05:00Z"), out), "3 May 2027");
    assert_string_equal(text_date(paris, at("2027-12-31T23:30:00Z"), out), "1 January 2028");
    assert_string_equal(text_date_time(paris, at("2027-05-03T12:05:09Z"), out),
                        "3 May 2027, 14:05");
    assert_string_equal(text_date_iso(paris, at("2027-05-03T22:30:00Z"), out), "2027-05-04");
}

static void until__is_told_in_the_largest_unit_rounded_up(void **state) {
    (void)state;
    static const struct {
        int64_t left_s;
        const char *want;
    } rows[] = {{-1, "now"},
                {0, "now"},
                {1, "in a minute"},
                {60, "in a minute"},
                {61, "in 2 minutes"},
                {INT64_C(59) * 60, "in 59 minutes"},
                {59 * 60 + 1, "in 1 hour"},
                {3601, "in 2 hours"},
                {23 * 3600 + 1, "in 1 day"},
                {86401, "in 2 days"},
                {INT64_C(30) * 86400, "on 2 June 2027"}};
    usec_t now = 0;
    assert_true(rfc3339_parse(SV("2027-05-03T10:12:00Z"), &now));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[TEXT_TIME_MAX];
        assert_string_equal(text_until(text_zone_utc, now + rows[i].left_s * USEC_PER_S, now, out),
                            rows[i].want);
    }
}

static void ago__is_told_in_the_largest_whole_unit(void **state) {
    (void)state;
    static const struct {
        int64_t past_s;
        const char *text;
    } rows[] = {{-500, "just now"},
                {0, "just now"},
                {59, "just now"},
                {60, "1 minute ago"},
                {179, "2 minutes ago"},
                {3599, "59 minutes ago"},
                {3600, "1 hour ago"},
                {86399, "23 hours ago"},
                {86400, "1 day ago"},
                {INT64_C(29) * 86400, "29 days ago"},
                {INT64_C(30) * 86400, "3 April 2027"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char out[TEXT_TIME_MAX];
        usec_t now = at("2027-05-03T12:00:00Z");
        assert_string_equal(text_ago(text_zone_utc, now - rows[i].past_s * USEC_PER_S, now, out),
                            rows[i].text);
    }
}

static void count__picks_the_noun(void **state) {
    (void)state;
    char out[TEXT_TIME_MAX];
    assert_string_equal(text_count(0, "badge", "badges", out), "0 badges");
    assert_string_equal(text_count(1, "badge", "badges", out), "1 badge");
    assert_string_equal(text_count(999, "badge", "badges", out), "999 badges");
    assert_string_equal(text_count(1204567, "badge", "badges", out), "1,204,567 badges");
    assert_string_equal(text_count(-2000, "point", "points", out), "-2,000 points");
    assert_string_equal(text_count(INT64_MIN, "point", "points", out),
                        "-9,223,372,036,854,775,808 points");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zone__knows_the_offset_of_every_season),
        cmocka_unit_test(zone__turns_wall_clocks_into_moments),
        cmocka_unit_test(day_end__is_the_next_local_midnight),
        cmocka_unit_test(zone__goes_there_and_back),
        cmocka_unit_test(zone_load__refuses_names_and_files_that_are_none),
        cmocka_unit_test(zone_load__survives_damaged_files),
        cmocka_unit_test(time__is_written_in_words),
        cmocka_unit_test(until__is_told_in_the_largest_unit_rounded_up),
        cmocka_unit_test(ago__is_told_in_the_largest_whole_unit),
        cmocka_unit_test(count__picks_the_noun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
