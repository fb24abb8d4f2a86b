#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "csv_text.h"

static bool parse(struct arena *a, const char *text, struct grades_reading *out, struct err *err) {
    *err = (struct err){0};
    struct grades_csv_survey survey;
    struct csv_text t = {.text = sv_from(text)};
    bool is_parsed = csv_text_parse(&t, NULL, a, &survey, err);
    *out = survey.reading;
    return is_parsed;
}

static void must_parse(struct arena *a, const char *text, struct grades_reading *out) {
    struct err err;
    if (!parse(a, text, out, &err)) {
        fail_msg("%s", err.text);
        abort(); /* never reached, but an analyser does not know */
    }
}

static void assert_dec(struct dec d, const char *text) {
    char plain[DEC_TEXT_MAX];
    assert_string_equal(dec_format(d, plain), text);
}

static void csv__reads_the_plain_format(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct grades_reading r;
    must_parse(&a,
               "person,item,score,maximum\n"
               "ana@example.edu,Lab safety quiz,8.5,10\n"
               "ben@example.edu,Lab safety quiz,,10\n"
               "ana@example.edu,\"Report, \"\"final\"\"\",12,20\n",
               &r);
    assert_int_equal(r.item_count, 2);
    assert_int_equal(r.member_count, 2);
    assert_int_equal(r.fact_count, 2); /* an empty score is no result */
    assert_true(sv_eq(r.items[0].title, SV("Lab safety quiz")));
    assert_true(sv_eq(r.items[0].ref, SV("Lab safety quiz")));
    assert_true(sv_eq(r.items[0].source, SV("csv")));
    assert_true(sv_eq(r.items[1].title, SV("Report, \"final\"")));
    assert_true(r.items[0].has_maximum);
    assert_dec(r.items[0].maximum, "10");
    assert_true(sv_eq(r.facts[0].person_ref, SV("ana@example.edu")));
    assert_true(r.facts[0].has_score && r.facts[0].is_posted);
    assert_dec(r.facts[0].score, "8.5");
    assert_int_equal(r.facts[1].item_index, 1);
    assert_dec(r.facts[1].score, "12");
    assert_int_equal(r.can, GRADES_CAN_SCORES | GRADES_CAN_TITLES);
    assert_false(r.is_complete);
}

static void csv__reads_what_spreadsheets_write(void **state) {
    (void)state;
    static const char *const rows[] = {
        "\xEF\xBB\xBFperson;item;score;maximum\r\nana;Quiz;8,5;10\r\n",
        "person;item;score;maximum\nana;Quiz;8.5;10",
        "person\titem\tscore\tmaximum\r\nana\tQuiz\t8,5\t10\r\n",
        "Person, Item , SCORE,Maximum\n ana , Quiz , 8.5 , 10 \n",
        "\"person\",\"item\",\"score\",\"maximum\"\n\"ana\",\"Quiz\",\"8,5\",\"10\"\n",
        "maximum,note,score,item,person\n10,fine,8.5,Quiz,ana\n",
        "person,item,score,maximum\n\n\nana,Quiz,8.5,10\n\n",
        "person,item,score,maximum\nana,Quiz,8.5,10\n,,,\n",
        "person,item,score,maximum,,\nana,Quiz,8.5,10,,,,\n",
        "person,item,score,maximum\rana,Quiz,8.50,10.0\r",
        "sep=;\r\nperson;item;score;maximum\r\nana;Quiz;8,5;10\r\n",
        "\xEF\xBB\xBFsep=;\nperson;item, or so;item;score;maximum\nana;x;Quiz;8,5;10\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct grades_reading r;
        struct err err;
        if (!parse(&a, rows[i], &r, &err) || r.fact_count != 1 || r.item_count != 1) {
            fail_msg("row %zu: %s", i, err.text);
            return;
        }
        assert_true(sv_eq(r.facts[0].person_ref, SV("ana")));
        assert_true(sv_eq(r.items[0].title, SV("Quiz")));
        assert_dec(r.facts[0].score, "8.5");
        assert_dec(r.facts[0].maximum, "10");
    }
}

static void csv__says_what_is_wrong_and_where(void **state) {
    (void)state;
    static const struct {
        const char *text, *reason, *says;
    } rows[] = {
        {"", "empty", "empty"},
        {"\xEF\xBB\xBF", "empty", "empty"},
        {"\n\n", "empty", "empty"},
        {"name,task,points\nana,Quiz,8\n", "columns", "found are: name, task, points"},
        {"name,task,points\nana,Quiz,8\n", "columns", "person, item, score and maximum"},
        {"person,item,score\nana,Quiz,8\n", "columns", "\"maximum\" is missing"},
        {"person,item,score,score,maximum\n", "columns", "\"score\" is there twice"},
        {"person,item,score,maximum\nana,Quiz,eight,10\n", "number", "row 2"},
        {"person,item,score,maximum\nana,Quiz,8,10\nben,Quiz,85%,10\n", "number", "row 3"},
        {"person,item,score,maximum\nana,Quiz,8,0\n", "number", "maximum"},
        {"person,item,score,maximum\nana,Quiz,8,-5\n", "number", "maximum"},
        {"person;item;score;maximum\nana;Quiz;1.234,5;2000\n", "number", "1.234,5"},
        {"person,item,score,maximum\nana,Quiz,0x10,20\n", "number", "row 2"},
        {"person,item,score,maximum\nana,Quiz,NaN,20\n", "number", "row 2"},
        {"person,item,score,maximum\nana,Quiz,8,5,10\n", "cells", "row 2"},
        {"person,item,score,maximum\n,Quiz,8,10\n", "empty", "row 2"},
        {"person,item,score,maximum\nana,,8,10\n", "empty", "row 2"},
        {"person,item,score,maximum\nana,Quiz\nana,Quiz,8,10\n", "repeated",
         "row 3 repeats the person and item of row 2"},
        {"person,item,score,maximum\n\"ana,Quiz,8,10\n", "quotes", "row 2"},
        {"person,item,score,maximum\nana \"b\",Quiz,8,10\n", "quotes", "row 2"},
        {"\xFF\xFEp\0e", "utf8", "CSV UTF-8"},
        {"PK\x03\x04xl/workbook.xml", "workbook", "CSV UTF-8"},
        {"person,item,score,maximum\nJos\xE9,Quiz,8,10\n", "utf8", "CSV UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct grades_reading r;
        struct err err;
        if (parse(&a, rows[i].text, &r, &err) || err.code != ERR_INPUT ||
            strcmp(err.reason, rows[i].reason) != 0 || strstr(err.text, rows[i].says) == NULL) {
            fail_msg("row %zu: %s: %s", i, err.reason, err.text);
        }
        assert_int_equal(r.fact_count + r.item_count + r.member_count, 0); /* nothing is kept */
    }
}

static void csv__is_bounded(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct grades_reading r;
    struct err err = {0};
    struct grades_csv_survey survey;
    const struct grades_csv_file large = {.size = GRADES_CSV_BYTES_MAX + 1};
    assert_false(grades_csv_survey(&large, NULL, &a, &survey, &err)); /* nothing is read */
    assert_string_equal(err.reason, "size");
    struct str text;
    str_init(&text, &a, 100000);
    str_add_c(&text, "person,item,score,maximum\nana,\"");
    for (int i = 0; i < 70000; i++) {
        str_add_char(&text, 'x');
        if (i == 5000) { /* long, and no title */
            assert_false(parse(&a, arena_printf(&a, "%s\",8,10\n", text.ptr), &r, &err));
            assert_string_equal(err.reason, "empty");
            err = (struct err){0};
        }
    }
    str_add_c(&text, "\",8,10\n");
    assert_false(parse(&a, text.ptr, &r, &err));
    assert_string_equal(err.reason, "cell");
}

static void csv__takes_the_guard_against_formulas_off(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct grades_reading r;
    struct err err;
    /* only in front of what would be a formula */
    assert_false(parse(&a, "person,item,score,maximum\nana,O'Neill,'quoted',10\n", &r, &err));
    assert_string_equal(err.reason, "number");
    must_parse(&a,
               "person,item,score,maximum\n'-ana,'=SUM(A1),'-1,10\n"
               "\"=\"\"ben\"\"\",'Tis,2,10\n",
               &r);
    assert_true(sv_eq(r.members[0].person_ref, SV("-ana")));
    assert_true(sv_eq(r.members[1].person_ref, SV("ben")));
    assert_true(sv_eq(r.items[0].title, SV("=SUM(A1)")));
    assert_true(sv_eq(r.items[1].title, SV("'Tis")));
    assert_dec(r.facts[0].score, "-1");
}

static void csv__keeps_negative_and_extra_scores(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct grades_reading r;
    must_parse(&a, "person,item,score,maximum\nana,Q,-1,10\nben,Q,12,10\ncy,Q,0,\n", &r);
    assert_dec(r.facts[0].score, "-1");
    assert_dec(r.facts[1].score, "12");
    assert_dec(r.facts[2].score, "0");
    assert_false(r.facts[2].has_maximum);
}

/* However the bytes arrive, and however the rows are ordered. */
static void csv__reads_any_order_in_any_pieces(void **state) {
    (void)state;
    enum { PEOPLE = 400, ITEMS = 400 }; /* more than what is kept at once */
    AUTO_ARENA a = {0};
    struct str by_item;
    str_init(&by_item, &a, (size_t)16 << 20);
    str_add_c(&by_item, "person,item,score,maximum\n");
    for (int i = 0; i < ITEMS; i++) {
        for (int p = 0; p < PEOPLE; p++) {
            str_addf(&by_item, "p%d,i%d,%d,1000\n", p, i, p + i);
        }
    }
    struct csv_text t = {.text = str_sv(&by_item), .chunk = 4001};
    struct grades_csv_survey survey;
    struct err err = {0};
    assert_true(csv_text_parse(&t, NULL, &a, &survey, &err));
    assert_int_equal(survey.reading.fact_count, PEOPLE * ITEMS);
    assert_int_equal(survey.result_count, PEOPLE * ITEMS);
    assert_int_equal(t.reads, 3); /* the survey, and once for each window */
    assert_true(t.largest_part <= 8192);
    for (size_t i = 0; i < survey.reading.fact_count; i++) {
        const struct model_fact *f = &survey.reading.facts[i];
        char want[DEC_TEXT_MAX];
        (void)snprintf(want, sizeof want, "p%zu", i / ITEMS); /* whole people, in order */
        assert_true(sv_eq(f->person_ref, sv_from(want)));
        assert_int_equal(f->item_index, i % ITEMS);
        assert_int_equal(dec_cmp(f->score, dec_from_i64((int64_t)(i / ITEMS + i % ITEMS))), 0);
    }
    /* the last row says again what the first did */
    str_add_c(&by_item, "p0,i0,1,1000\n");
    t.text = str_sv(&by_item);
    assert_false(csv_text_parse(&t, NULL, &a, &survey, &err));
    assert_string_equal(err.text, "row 160002 repeats the person and item of row 2");
}

static void csv__finds_what_is_wrong_in_the_last_row(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct str text;
    str_init(&text, &a, (size_t)16 << 20);
    str_add_c(&text, "person,item,score,maximum\n");
    for (int i = 0; i < 400000; i++) {
        str_addf(&text, "p%d,i%d,1,2\n", i / 100, i % 100);
    }
    str_add_c(&text, "p0,i0,one,2\n");
    struct csv_text t = {.text = str_sv(&text)};
    struct grades_csv_survey survey;
    struct err err = {0};
    assert_false(csv_text_parse(&t, NULL, &a, &survey, &err));
    assert_string_equal(err.text, "row 400002: the score \"one\" is not a number");
    assert_int_equal(t.part_count, 0); /* nobody was told anything before the whole was checked */
}

/* A quote that is never closed must not fill the memory. */
static void csv__bounds_a_quote_that_is_not_closed(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct str text;
    str_init(&text, &a, (size_t)8 << 20);
    str_add_c(&text, "person,item,score,maximum\nana,\"");
    for (int i = 0; i < 400000; i++) {
        str_add_c(&text, "x,y,z\n");
    }
    struct csv_text t = {.text = str_sv(&text)};
    struct grades_csv_survey survey;
    struct err err = {0};
    size_t before = a.used_bytes;
    assert_false(csv_text_parse(&t, NULL, &a, &survey, &err));
    assert_string_equal(err.reason, "cell");
    assert_true(a.used_bytes - before < 100000);
}

static bool read_other(void *ctx, size_t at, char *bytes, size_t cap, size_t *len,
                       struct err *err) {
    static const char *const texts[] = {"person,item,score,maximum\nana,Quiz,8,10\n",
                                        "person,item,score,maximum\nben,Quiz,8,10\n"};
    size_t *reads = ctx;
    struct sv text = sv_from(texts[*reads > 0]);
    (void)err;
    (void)cap;
    *len = at == 0 ? text.len : 0;
    memcpy(bytes, text.ptr, *len);
    *reads += *len == 0 ? 1 : 0;
    return true;
}

static bool take_none(void *ctx, const struct model_fact *facts, size_t count, struct err *err) {
    (void)ctx;
    (void)facts;
    (void)count;
    (void)err;
    return true;
}

static void csv__notices_another_file(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    size_t reads = 0;
    const struct grades_csv_file file = {.size = 40, .read = read_other, .ctx = &reads};
    struct grades_csv_survey survey;
    struct err err = {0};
    assert_true(grades_csv_survey(&file, NULL, &a, &survey, &err));
    assert_false(grades_csv_facts(&file, NULL, &survey, NULL, take_none, NULL, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv__reads_the_plain_format),
        cmocka_unit_test(csv__reads_what_spreadsheets_write),
        cmocka_unit_test(csv__says_what_is_wrong_and_where),
        cmocka_unit_test(csv__is_bounded),
        cmocka_unit_test(csv__takes_the_guard_against_formulas_off),
        cmocka_unit_test(csv__keeps_negative_and_extra_scores),
        cmocka_unit_test(csv__reads_any_order_in_any_pieces),
        cmocka_unit_test(csv__finds_what_is_wrong_in_the_last_row),
        cmocka_unit_test(csv__bounds_a_quote_that_is_not_closed),
        cmocka_unit_test(csv__notices_another_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
