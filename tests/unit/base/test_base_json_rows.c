#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_json.h"
#include <string.h>

/* What is read of a text: around it, then its rows, each in brackets; or where it fails. */
static const char *read_all(struct arena *a, struct sv text, const char *member) {
    AUTO_JSON *around = NULL;
    struct js_rows rows;
    struct err err = {0};
    struct str out;
    str_init(&out, a, 4096);
    if (!js_rows_open(text, 1000, "the text", member, &around, &rows, &err)) {
        return arena_printf(a, "open: %s", err.text);
    }
    str_add(&out, js_dump(a, around));
    str_add_c(&out, rows.has_list ? "" : " no list");
    for (;;) {
        AUTO_JSON *row = NULL;
        if (!js_rows_next(&rows, &row, &err)) {
            assert_int_equal(err.code, ERR_INPUT);
            return arena_printf(a, "%.*s next: %s", SV_ARG(str_sv(&out)), err.text);
        }
        if (row == NULL) {
            return sv_c(a, str_sv(&out));
        }
        str_addf(&out, " <%.*s>", SV_ARG(js_dump(a, row)));
    }
}

static void js_rows__gives_each_element_and_what_is_around(void **state) {
    (void)state;
    static const struct {
        const char *text, *member, *read;
    } rows[] = {
        {"[]", NULL, "[]"},
        {" [ ] ", NULL, "[]"},
        {"[1,\"a\",null,{\"b\":[2]},[3,4]]", NULL, "[] <1> <\"a\"> <null> <{\"b\":[2]}> <[3,4]>"},
        {"\r\n[ 1.5 ,\t-2 ]\n", NULL, "[] <1.5> <-2>"},
        {"[\"]\",\"\\\"]\",\"\\\\\"]", NULL, "[] <\"]\"> <\"\\\"]\"> <\"\\\\\">"},
        {"{\"a\":1,\"rows\":[1,2],\"z\":[3]}", "rows", "{\"a\":1,\"rows\":[],\"z\":[3]} <1> <2>"},
        {"{\"a\":{\"rows\":[9]},\"b\":\"rows\",\"rows\":[{\"rows\":[8]}]}", "rows",
         "{\"a\":{\"rows\":[9]},\"b\":\"rows\",\"rows\":[]} <{\"rows\":[8]}>"},
        {"{ \"rows\" : [ ] , \"z\" : [ [ ] ] }", "rows", "{\"rows\":[],\"z\":[[]]}"},
        {"{\"error\":\"no\"}", "rows", "{\"error\":\"no\"} no list"},
        {"{\"rows\":{\"1\":2}}", "rows", "{\"rows\":{\"1\":2}} no list"},
        {"{\"rows\":null}", "rows", "{\"rows\":null} no list"},
        {"{}", "rows", "{} no list"},
        {"{\"rows\":[1]}", NULL, "{\"rows\":[1]} no list"},
        {"[1]", "rows", "[1] no list"},
        {"\"[1]\"", NULL, "\"[1]\" no list"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        assert_string_equal(read_all(&a, sv_from(rows[i].text), rows[i].member), rows[i].read);
    }
}

static void js_rows__is_as_strict_as_the_whole(void **state) {
    (void)state;
    static const struct {
        const char *text, *member;
        bool fails_at_once;
    } rows[] = {
        {"", NULL, true},
        {"[1,2", NULL, true}, /* cut off: nothing was given */
        {"[{\"a\":1},{\"a\":", NULL, true},
        {"[\"abc", NULL, true},
        {"[\"abc\\", NULL, true},
        {"[1]2", NULL, true},
        {"[1],", NULL, true},
        {"[1}", NULL, true},
        {"[1}]", NULL, true},
        {"{\"rows\":[1],\"rows\":[2]}", "rows", true},
        {"{\"rows\":[1],\"a\":1,\"a\":2}", "rows", true},
        {"{\"a\":1 \"rows\":[1]}", "rows", true},
        {"{\"rows\":[1],}", "rows", true},
        {"{\"rows\":[1]", "rows", true},
        {"{rows:[1]}", "rows", true},
        {"<html>", NULL, true},
        {"[1,]", NULL, false},
        {"[,1]", NULL, false},
        {"[1 2]", NULL, false},
        {"[1,,2]", NULL, false},
        {"[nul]", NULL, false},
        {"[{\"a\":1,\"a\":2}]", NULL, false},
        {"[{\"a\":1]]", NULL, false},
        {"[\"\xff\"]", NULL, false},
        {"[\"\\u0000\"]", NULL, false},
        {"[01]", NULL, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        AUTO_JSON *whole = NULL;
        const char *read = read_all(&a, sv_from(rows[i].text), rows[i].member);
        const char *fails = strstr(read, rows[i].fails_at_once ? "open: " : "next: ");
        if (fails == NULL || (rows[i].fails_at_once && fails != read) ||
            js_parse(sv_from(rows[i].text), 1000, "the text", &whole, NULL)) {
            fail_msg("%s: %s", rows[i].text, read);
        }
    }
    AUTO_ARENA a = {0};
    AUTO_JSON *none = NULL;
    assert_non_null(strstr(read_all(&a, SV("[1]\0"), NULL), "open: "));
    assert_non_null(strstr(read_all(&a, SV("[1\0 ]"), NULL), "open: "));
    assert_false(js_parse(SV("[1\0 ]"), 1000, "the text", &none, NULL));
    char *large = arena_printf(&a, "[\"%01000d\"]", 1);
    assert_string_equal(read_all(&a, sv_from(large), NULL),
                        "open: the text is larger than 1000 bytes");
}

static void js_rows__says_which_row_is_damaged(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const char *read = read_all(&a, SV("[{},{\"a\":oops}]"), NULL);
    assert_non_null(strstr(read, "[] <{}> next: the text is not valid JSON: "));
    assert_non_null(strstr(read, "(row 2)"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(js_rows__gives_each_element_and_what_is_around),
        cmocka_unit_test(js_rows__is_as_strict_as_the_whole),
        cmocka_unit_test(js_rows__says_which_row_is_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
