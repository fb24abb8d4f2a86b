#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "grades_people.h"

#define NOW (INT64_C(1760000000) * USEC_PER_S) /* 2025-10-09T08:53:20Z */

static bool parse(struct arena *a, const char *text, struct grades_person **out, size_t *count,
                  struct err *err) {
    *err = (struct err){0};
    return grades_people_parse(sv_from(text), NOW, a, out, count, err);
}

static void people__are_read_in_any_column_order(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct grades_person *p = NULL;
    size_t count = 0;
    struct err err;
    assert_true(parse(&a,
                      "\xEF\xBB\xBF"
                      "Badge;note;USER_ID;issued_at;name\r\n"
                      "first;x; u1 ;2024-05-31;\"Diallo; Amina\"\r\n;;;;\r\n;;u2;;\r\n",
                      &p, &count, &err));
    assert_int_equal(count, 2);
    assert_true(sv_eq(p[0].user_id, SV("u1")));
    assert_true(sv_eq(p[0].name, SV("Diallo; Amina")));
    assert_true(sv_eq(p[0].badge, SV("first")));
    assert_int_equal(p[0].row, 2);
    /* 2024-05-31T12:00:00Z, by `date -u +%s` */
    assert_int_equal(p[0].issued_at, INT64_C(1717156800) * USEC_PER_S);
    assert_true(sv_eq(p[1].user_id, SV("u2")));
    assert_int_equal(p[1].row, 4);
    assert_int_equal(p[1].issued_at, 0);
}

static void people__take_a_time_and_today(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct grades_person *p = NULL;
    size_t count = 0;
    struct err err;
    assert_true(parse(&a,
                      "user_id,badge,issued_at\nu1,b,2024-05-31T14:00:00+02:00\nu2,b,2025-10-09\n",
                      &p, &count, &err));
    assert_int_equal(p[0].issued_at, INT64_C(1717156800) * USEC_PER_S);
    assert_int_equal(p[1].issued_at, NOW); /* noon has not come yet */
}

static void people__say_what_is_wrong_and_in_which_row(void **state) {
    (void)state;
    static const struct {
        const char *text, *reason, *words;
    } rows[] = {
        {"", "empty", "the file is empty"},
        {"\xFFname\n", "utf8", "the file is not UTF-8 text: save it as \"CSV UTF-8\""},
        {"name,email\nx,y\n", "columns",
         "the first row must name the columns user_id and, where there are any, name, email, badge "
         "and issued_at"},
        {"user_id,User_Id\n", "columns", "the column \"user_id\" is there twice"},
        {"user_id,name\n,Ana\n", "user_id", "row 2: user_id must be 1 to 200 plain characters"},
        {"user_id\nu\xC3\xA9\n", "user_id", "row 2: user_id must be 1 to 200 plain characters"},
        {"user_id,badge\nu,b\n", "issued_at",
         "row 2: a badge needs the day on which it was issued"},
        {"user_id,issued_at\nu,2024-02-30\n", "issued_at",
         "row 2: issued_at must be a past date like 2024-05-31, or a time like "
         "2024-05-31T09:30:00Z"},
        {"user_id,issued_at\nu,2025-10-10\n", "issued_at",
         "row 2: issued_at must be a past date like 2024-05-31, or a time like "
         "2024-05-31T09:30:00Z"},
        {"user_id\n\"u\n", "quotes", "row 2: the quotes do not fit together"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct grades_person *p = NULL;
        size_t count = 0;
        struct err err;
        print_message("row %zu\n", i);
        assert_false(parse(&a, rows[i].text, &p, &count, &err));
        assert_string_equal(err.reason, rows[i].reason);
        assert_string_equal(err.text, rows[i].words);
    }
}

static void people__are_bounded_in_a_cell(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct grades_person *p = NULL;
    size_t count = 0;
    struct err err;
    struct str text;
    str_init(&text, &a, 1024);
    str_add_c(&text, "user_id,name\nu,");
    for (int i = 0; i < 501; i++) {
        str_add_char(&text, 'x');
    }
    assert_false(parse(&a, text.ptr, &p, &count, &err));
    assert_string_equal(err.reason, "cell");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people__are_read_in_any_column_order),
        cmocka_unit_test(people__take_a_time_and_today),
        cmocka_unit_test(people__say_what_is_wrong_and_in_which_row),
        cmocka_unit_test(people__are_bounded_in_a_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
