#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_num.h"

static struct dec dec_of(const char *text) {
    struct dec d;
    assert_true(dec_parse(sv_from(text), &d));
    return d;
}

static void dec_parse__reads_what_lms_print(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {{"62.00000", "62"},
                {"-1.00000", "-1"},
                {"0.5", "0.5"},
                {"8e1", "80"},
                {"1.25E-2", "0.0125"},
                {"000.50", "0.5"},
                {"0", "0"},
                {"-0.0", "0"},
                {"79.9999999999999999999999", "79.9999999999999999"},
                {"0.00000000000000000099", "0"},
                {"999999999999999999", "999999999999999999"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[DEC_TEXT_MAX];
        assert_string_equal(dec_format(dec_of(rows[i].in), text), rows[i].out);
    }
}

static void dec_parse__refuses_what_is_no_number(void **state) {
    (void)state;
    static const char *const rows[] = {
        "",   "-",   ".5",  "5.",  "1e",    "1e+-2", "0x10", "1 ",
        " 1", "NaN", "1,5", "--1", "1e999", "1.2.3", "1e18", "9999999999999999999"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dec d;
        if (dec_parse(sv_from(rows[i]), &d)) {
            fail_msg("\"%s\" was taken for a number", rows[i]);
        }
    }
}

static void dec_cmp_percent__is_exact_at_the_boundary(void **state) {
    (void)state;
    static const struct {
        const char *part, *whole, *percent;
        int sign;
    } rows[] = {
        {"80", "100", "80", 0},
        {"79.99999", "100", "80", -1},
        {"8", "10", "80", 0},
        {"0.1", "0.3", "33.333333333333333", 1},
        {"2.4", "3", "80", 0}, /* 2.4/3 is 0.7999... in doubles */
        {"26.6666666666667", "33.3333333333333", "80", 1},
        {"110", "100", "100", 1},
        {"0", "10", "0", 0},
        {"-1", "10", "0", -1},
        {"999999999999999999", "999999999999999999", "100", 0},
        {"0.000000000000000001", "999999999999999999", "0", 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int c =
            dec_cmp_percent(dec_of(rows[i].part), dec_of(rows[i].whole), dec_of(rows[i].percent));
        if ((c > 0) - (c < 0) != rows[i].sign) {
            fail_msg("%s of %s against %s %%: %d", rows[i].part, rows[i].whole, rows[i].percent, c);
        }
    }
}

static void dec_from_double__gives_the_printed_decimal(void **state) {
    (void)state;
    char text[DEC_TEXT_MAX];
    struct dec d;
    assert_true(dec_from_double(62.33333, &d));
    assert_string_equal(dec_format(d, text), "62.33333");
    assert_true(dec_from_double(0.1 + 0.2, &d));
    assert_string_equal(dec_format(d, text), "0.3");
    assert_false(dec_from_double(1e300, &d));
}

static void dec_percent__rounds_down(void **state) {
    (void)state;
    char text[DEC_TEXT_MAX];
    assert_string_equal(dec_format(dec_percent(dec_of("79.96"), dec_of("100")), text), "79.9");
    assert_string_equal(dec_format(dec_percent(dec_of("2"), dec_of("3")), text), "66.6");
    assert_string_equal(dec_format(dec_sub(dec_of("12"), dec_of("9.5")), text), "2.5");
}

static void num_parse_i64__is_strict(void **state) {
    (void)state;
    int64_t n = 0;
    assert_true(num_parse_i64(SV("-9223372036854775808"), INT64_MIN, INT64_MAX, &n));
    assert_true(n == INT64_MIN);
    assert_false(num_parse_i64(SV("9223372036854775808"), INT64_MIN, INT64_MAX, &n));
    assert_false(num_parse_i64(SV("+1"), 0, 9, &n));
    assert_false(num_parse_i64(SV("1x"), 0, 9, &n));
    assert_false(num_parse_i64(SV("10"), 0, 9, &n));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dec_parse__reads_what_lms_print),
        cmocka_unit_test(dec_parse__refuses_what_is_no_number),
        cmocka_unit_test(dec_cmp_percent__is_exact_at_the_boundary),
        cmocka_unit_test(dec_from_double__gives_the_printed_decimal),
        cmocka_unit_test(dec_percent__rounds_down),
        cmocka_unit_test(num_parse_i64__is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
