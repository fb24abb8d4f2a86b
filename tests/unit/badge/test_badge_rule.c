#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "badge_rule.h"

/* Every form of DESIGN 3.3 once. */
static const char full[] =
    "{\"all\": [{\"item\": \"Lab safety quiz\", \"min_percent\": 79.9, \"by\": \"2027-05-01\"},"
    "{\"any\": [{\"item\": {\"source\": \"moodle\", \"id\": \"17\"}, \"min_points\": 12},"
    "{\"at_least\": 2, \"of\": [{\"item\": \"Lab 1\"}, {\"item\": \"Lab 2\", \"min_letter\": "
    "\"B\"},"
    "{\"module\": \"Week 1\"}]}]},"
    "{\"points\": 100, \"of\": [{\"rule\": {\"outcome\": \"Safety\"}, \"worth\": 40.25},"
    "{\"rule\": {\"badge\": \"first-steps\"}, \"worth\": 59.75}]},"
    "{\"course\": \"completed\"}, {\"course\": {\"min_percent\": 75, \"total\": \"current\"}},"
    "{\"course\": {\"min_letter\": \"B\", \"total\": \"final\"}},"
    "{\"manual\": \"Wears goggles\", \"by\": \"2027-05-01T17:00:00+02:00\"}]}";

static const struct badge_rule *parse(struct arena *a, const char *text) {
    struct err err = {0};
    const struct badge_rule *rule = NULL;
    if (!badge_rule_parse(a, sv_from(text), &rule, &err)) {
        fail_msg("%s", err.text);
    }
    return rule;
}

static void badge_rule_parse__reads_every_form(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    const struct badge_rule *r = parse(&a, full);
    assert_int_equal(r->kind, BADGE_RULE_ALL);
    assert_int_equal(r->child_count, 7);
    const struct badge_rule *quiz = &r->children[0];
    assert_int_equal(quiz->test, BADGE_TEST_PERCENT);
    assert_int_equal(dec_cmp(quiz->needed, (struct dec){.mantissa = 799, .scale = 1}), 0);
    assert_true(quiz->by.is_date && quiz->by.year == 2027 && quiz->by.month == 5 &&
                quiz->by.day == 1);
    const struct badge_rule *any = &r->children[1];
    assert_int_equal(any->kind, BADGE_RULE_ANY);
    assert_true(sv_eq(any->children[0].ref.source, SV("moodle")));
    assert_true(sv_eq(any->children[0].ref.id, SV("17")));
    assert_int_equal(any->children[1].kind, BADGE_RULE_AT_LEAST);
    assert_int_equal(any->children[1].at_least, 2);
    assert_int_equal(any->children[1].children[0].test, BADGE_TEST_BARE);
    assert_true(sv_eq(any->children[1].children[1].letter, SV("B")));
    assert_int_equal(any->children[1].children[2].kind, BADGE_RULE_MODULE);
    const struct badge_rule *points = &r->children[2];
    assert_int_equal(points->kind, BADGE_RULE_POINTS);
    assert_int_equal(dec_cmp(points->children[0].worth, (struct dec){.mantissa = 4025, .scale = 2}),
                     0);
    assert_int_equal(points->children[0].kind, BADGE_RULE_OUTCOME);
    assert_true(sv_eq(points->children[1].badge_key, SV("first-steps")));
    assert_int_equal(r->children[3].kind, BADGE_RULE_COURSE_COMPLETED);
    assert_true(r->children[4].is_current && r->children[4].test == BADGE_TEST_PERCENT);
    assert_true(!r->children[5].is_current && r->children[5].test == BADGE_TEST_LETTER);
    assert_true(sv_eq(r->children[6].manual, SV("Wears goggles")));
    assert_false(r->children[6].by.is_date);
    usec_t at = 0;
    assert_true(rfc3339_parse(SV("2027-05-01T15:00:00Z"), &at));
    assert_true(r->children[6].by.at == at);
}

static void badge_rule_text__parses_back_to_itself(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct sv once = badge_rule_text(&a, parse(&a, full));
    struct sv twice = badge_rule_text(&a, parse(&a, sv_c(&a, once)));
    assert_true(sv_eq(once, twice));
    assert_non_null(strstr(once.ptr, "\"min_percent\":79.9,"));
    assert_non_null(strstr(once.ptr, "\"by\":\"2027-05-01T17:00:00+02:00\""));
    assert_null(strstr(once.ptr, "\"total\":\"final\"")); /* what is the default is not written */
}

static void badge_rule_parse__says_where_and_what_to_do(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"{\"item\": \"Lab 1\",\n \"min_precent\": 80}",
         "rule.min_precent is not a known name here; did you mean \"min_percent\"? (line 2, column "
         "2)"},
        {"{\"all\": [{\"item\": \"Lab 1\"},\n   {\"item\": \"Lab 2\", \"min_percent\": \"80\"}]}",
         "rule.all[1].min_percent must be a number from 0 to 1000, without quotes (line 2, column "
         "37)"},
        {"{\"item\": \"Lab 1\", \"min_percent\": null}",
         "rule.min_percent must be a number from 0 to 1000, without quotes (line 1, column 34)"},
        {"{\"item\": \"Lab 1\", \"min_percent\": 1000.5}",
         "rule.min_percent must be a number from 0 to 1000, without quotes (line 1, column 34)"},
        {"{\"item\": \"Lab 1\", \"min_points\": -0.5}",
         "rule.min_points must be a number from 0 to 1000000000, without quotes (line 1, column "
         "33)"},
        {"{\"item\": \"Lab 1\", \"min_percent\": 80, \"min_points\": 5}",
         "rule.min_points stands beside min_percent; keep one of them (line 1, column 52)"},
        {"{\"item\": \"  \"}", "rule.item is empty; write some text (line 1, column 10)"},
        {"{\"item\": 17}",
         "rule.item must be a title in quotes or {\"source\": \"moodle\", \"id\": \"17\"} (line 1, "
         "column 10)"},
        {"{\"item\": {\"source\": \"moodle\"}}", "rule.item needs \"id\" (line 1, column 10)"},
        {"{\"item\": {\"source\": \"moodle\", \"id\": 17}}",
         "rule.item.id must be text in quotes (line 1, column 37)"},
        {"{\"all\": []}", "rule.all must be a list of at least one condition (line 1, column 9)"},
        {"{\"all\": [{\"item\": \"é\", \"by\": \"2027-02-29\"}]}",
         "rule.all[0].by must be a date like \"2027-05-01\" or a time like "
         "\"2027-05-01T17:00:00Z\" "
         "(line 1, column 30)"},
        {"{\"all\": [{\"item\": \"a\"}], \"by\": \"2027-01-01\"}",
         "rule.by does not go with \"all\" (line 1, column 32)"},
        {"{\"item\": \"a\", \"badge\": \"b\"}",
         "rule holds both \"item\" and \"badge\"; split it into two conditions (line 1, column 1)"},
        {"{}", "rule is not a condition; it needs one of all, any, at_least, points, item, course, "
               "module, outcome, badge, manual (line 1, column 1)"},
        {"[]",
         "rule must be a condition in braces, such as {\"item\": \"Lab 1\"} (line 1, column 1)"},
        {"{\"at_least\": 3, \"of\": [{\"item\": \"a\"}, {\"item\": \"b\"}]}",
         "rule.at_least asks for more than the 2 conditions listed (line 1, column 14)"},
        {"{\"at_least\": 0, \"of\": [{\"item\": \"a\"}]}",
         "rule.at_least must be a whole number from 1 (line 1, column 14)"},
        {"{\"at_least\": 1.0, \"of\": [{\"item\": \"a\"}]}",
         "rule.at_least must be a whole number from 1 (line 1, column 14)"},
        {"{\"at_least\": 1}", "rule needs \"of\", the list to choose from (line 1, column 1)"},
        {"{\"points\": 10, \"of\": [{\"rule\": {\"item\": \"a\"}, \"worth\": 0}]}",
         "rule.of[0].worth must be a number above 0, at most 1000000 and with at most 4 decimals "
         "(line 1, column 56)"},
        {"{\"points\": 10, \"of\": [{\"rule\": {\"item\": \"a\"}, \"worth\": 1.00001}]}",
         "rule.of[0].worth must be a number above 0, at most 1000000 and with at most 4 decimals "
         "(line 1, column 56)"},
        {"{\"points\": 10, \"of\": [{\"rule\": {\"item\": \"a\"}, \"worth\": 9.5}]}",
         "rule.points cannot be reached: all conditions together are worth 9.5 (line 1, column "
         "12)"},
        {"{\"points\": 10, \"of\": [{\"item\": \"a\"}]}",
         "rule.of[0].item is not a known name here; did you mean \"rule\"? (line 1, column 24)"},
        {"{\"points\": 5, \"of\": [{\"worth\": 5, \"rule\": {\"item\": \"a\", \"min_percent\": "
         "true}}]}",
         "rule.of[0].rule.min_percent must be a number from 0 to 1000, without quotes (line 1, "
         "column 72)"},
        {"{\"course\": \"complete\"}", "rule.course must be \"completed\", {\"min_percent\": 75} "
                                       "or {\"min_letter\": \"B\"} (line 1, "
                                       "column 12)"},
        {"{\"course\": {\"total\": \"final\"}}",
         "rule.course needs \"min_percent\" or \"min_letter\" (line 1, column 12)"},
        {"{\"course\": {\"min_percent\": 7, \"total\": \"now\"}}",
         "rule.course.total must be \"final\" or \"current\" (line 1, column 40)"},
        {"{\"badge\": \"First Steps\"}", "rule.badge must be a badge's key: lower-case letters, "
                                         "digits and hyphens (line 1, column 11)"},
        {"{\"manual\": \"a\\nb\"}",
         "rule.manual holds line breaks or control characters; take them out (line 1, column 12)"},
        {"{\"\\u0061ll\": [{\"item\": 1}]}", "rule.all[0].item must be a title in quotes or "
                                             "{\"source\": \"moodle\", \"id\": \"17\"} (line "
                                             "1, column 24)"},
        {"{\"item\": \"a\", \"x\\\"y\\\\\": [1, {\"k\": \"]\"}], \"bye\": 1}",
         "rule.x\"y\\ is not a known name here; did you mean \"any\"? (line 1, column 15)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a;
        arena_init(&a);
        struct err err = {0};
        const struct badge_rule *rule = NULL;
        if (badge_rule_parse(&a, sv_from(rows[i].text), &rule, &err)) {
            fail_msg("was taken: %s", rows[i].text);
        }
        if (strcmp(err.text, rows[i].message) != 0 || err.code != ERR_INPUT) {
            fail_msg("%s\n  says  %s\n  wants %s", rows[i].text, err.text, rows[i].message);
        }
    }
}

static void badge_rule_parse__names_line_and_column_of_broken_json(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct err err = {0};
    const struct badge_rule *rule = NULL;
    assert_false(badge_rule_parse(&a, SV("{\"all\":\n [}"), &rule, &err));
    assert_non_null(strstr(err.text, "line 2"));
    err = (struct err){0};
    assert_false(badge_rule_parse(&a, SV("{\"item\": \"a\", \"item\": \"b\"}"), &rule, &err));
    assert_non_null(strstr(err.text, "duplicate"));
}

/* `depth` groups around one leaf. */
static struct sv nested(struct arena *a, int depth) {
    struct str s;
    str_init(&s, a, 1000);
    for (int i = 0; i < depth; i++) {
        str_add_c(&s, "{\"all\":[");
    }
    str_add_c(&s, "{\"item\":\"a\"}");
    for (int i = 0; i < depth; i++) {
        str_add_c(&s, "]}");
    }
    return str_sv(&s);
}

static struct sv wide(struct arena *a, int leaves, const char *leaf) {
    struct str s;
    str_init(&s, a, 100000);
    str_add_c(&s, "{\"any\":[");
    for (int i = 0; i < leaves; i++) {
        str_addf(&s, "%s%s", i > 0 ? "," : "", leaf);
    }
    str_add_c(&s, "]}");
    return str_sv(&s);
}

static void badge_rule_parse__keeps_the_limits(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct err err = {0};
    const struct badge_rule *rule = NULL;
    assert_true(badge_rule_parse(&a, nested(&a, 8), &rule, &err));
    assert_false(badge_rule_parse(&a, nested(&a, 9), &rule, &err));
    assert_non_null(strstr(err.text, "nested too deeply"));
    err = (struct err){0};
    assert_true(badge_rule_parse(&a, wide(&a, 500, "{\"item\":\"a\"}"), &rule, &err));
    assert_false(badge_rule_parse(&a, wide(&a, 501, "{\"item\":\"a\"}"), &rule, &err));
    err = (struct err){0};
    /* 251 groups of two leaves */
    struct sv pairs = wide(&a, 251, "{\"all\":[{\"item\":\"a\"},{\"item\":\"b\"}]}");
    assert_false(badge_rule_parse(&a, pairs, &rule, &err));
    assert_non_null(strstr(err.text, "rule.any[250].all[0] is one condition too many"));
    err = (struct err){0};
    struct sv big = sv_printf(&a, "{\"item\":\"a\"}%*s", 64 * 1024, " ");
    assert_false(badge_rule_parse(&a, big, &rule, &err));
    assert_non_null(strstr(err.text, "larger than 65536 bytes"));
}

static void badge_rule_words__read_as_a_sentence(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    assert_string_equal(
        badge_rule_words(&a, parse(&a, full)).ptr,
        "Earned when all of: Lab safety quiz is at least 79.9 %, by 1 May 2027; "
        "any of: (moodle item 17 has at least 12 points; at least 2 of: (Lab 1 is complete; Lab 2 "
        "is "
        "graded B or better; the module \"Week 1\" is complete)); "
        "at least 100 points from: (the outcome \"Safety\" is mastered (worth 40.25); the badge "
        "\"first-steps\" is held (worth 59.75)); "
        "the course is completed; the course total so far is at least 75 %; the course total is "
        "graded B or better; a teacher confirms: Wears goggles, by 1 May 2027, 15:00 UTC.");
    assert_string_equal(
        badge_rule_words(&a, parse(&a, "{\"item\": \" Essay \", \"min_points\": 1}")).ptr,
        "Earned when Essay has at least 1 point.");
}

static void badge_rule_outline__nests_as_the_rule_does(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    json_t *list = badge_rule_outline(parse(&a, full));
    assert_int_equal(json_array_size(list), 1);
    const json_t *root = json_array_get(list, 0);
    assert_string_equal(json_string_value(json_object_get(root, "text")), "all of");
    const json_t *points = json_array_get(json_object_get(root, "children"), 2);
    const json_t *outcome = json_array_get(json_object_get(points, "children"), 0);
    assert_string_equal(json_string_value(json_object_get(outcome, "text")),
                        "the outcome \"Safety\" is mastered (worth 40.25)");
    json_decref(list);
}

static void badge_rule_badges__names_each_key_once(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct sv *keys = NULL;
    size_t n = badge_rule_badges(
        &a,
        parse(
            &a,
            "{\"all\": [{\"badge\": \"a\"}, {\"any\": [{\"badge\": \"b\"}, {\"badge\": \"a\"}]}]}"),
        &keys);
    assert_int_equal(n, 2);
    assert_true(sv_eq(keys[0], SV("a")) && sv_eq(keys[1], SV("b")));
}

static void badge_loop_check__refuses_loops_and_names_them(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    const struct sv needs_b[] = {SV("elsewhere"), SV("b")};
    const struct sv needs_c[] = {SV("c")};
    const struct sv needs_a[] = {SV("a")};
    struct badge_need set[] = {{SV("start"), needs_a, 1},
                               {SV("c"), NULL, 0},
                               {SV("b"), needs_c, 1},
                               {SV("a"), needs_b, 2}};
    struct err err = {0};
    assert_true(badge_loop_check(&a, set, ARRAY_LEN(set), &err));
    set[1] = (struct badge_need){SV("c"), needs_a, 1};
    assert_false(badge_loop_check(&a, set, ARRAY_LEN(set), &err));
    assert_string_equal(err.reason, "badge_loop");
    assert_non_null(strstr(err.text, "\"a\" needs \"b\" needs \"c\" needs \"a\""));
    assert_null(strstr(err.text, "start"));
    struct badge_need self[] = {{SV("a"), needs_a, 1}};
    err = (struct err){0};
    assert_false(badge_loop_check(&a, self, 1, &err));
    assert_true(badge_loop_check(&a, NULL, 0, &err));
}

static void badge_loop_check__walks_long_chains_in_linear_time(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    AUTO_ARENA a;
    arena_init(&a);
    struct badge_need *set = ARENA_ARRAY(&a, struct badge_need, COUNT);
    struct sv *keys = ARENA_ARRAY(&a, struct sv, COUNT + 1);
    for (size_t i = 0; i <= COUNT; i++) {
        keys[i] = sv_printf(&a, "k%zu", i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        set[i] = (struct badge_need){keys[i], &keys[i + 1], 1};
    }
    struct err err = {0};
    assert_true(badge_loop_check(&a, set, COUNT, &err));
    set[COUNT - 1].needs = &keys[0];
    assert_false(badge_loop_check(&a, set, COUNT, &err));
}

static void badge_rule_named__speaks_of_badges_by_their_names(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct err err = {0};
    const struct badge_rule *rule = NULL;
    const struct badge_title titles[] = {{SV("safe-lab"), SV("Safe Lab Worker")}};
    assert_true(badge_rule_parse(
        &a, SV("{\"all\": [{\"badge\": \"safe-lab\"}, {\"badge\": \"unknown\"}]}"), &rule, &err));
    struct sv words = badge_rule_words(&a, badge_rule_named(&a, rule, titles, ARRAY_LEN(titles)));
    assert_non_null(strstr(words.ptr, "Safe Lab Worker"));
    assert_non_null(strstr(words.ptr, "unknown"));
    assert_null(strstr(words.ptr, "safe-lab"));
    /* the rule itself is as it was */
    assert_non_null(strstr(badge_rule_words(&a, rule).ptr, "safe-lab"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(badge_rule_parse__reads_every_form),
        cmocka_unit_test(badge_rule_text__parses_back_to_itself),
        cmocka_unit_test(badge_rule_parse__says_where_and_what_to_do),
        cmocka_unit_test(badge_rule_parse__names_line_and_column_of_broken_json),
        cmocka_unit_test(badge_rule_parse__keeps_the_limits),
        cmocka_unit_test(badge_rule_words__read_as_a_sentence),
        cmocka_unit_test(badge_rule_outline__nests_as_the_rule_does),
        cmocka_unit_test(badge_rule_badges__names_each_key_once),
        cmocka_unit_test(badge_rule_named__speaks_of_badges_by_their_names),
        cmocka_unit_test(badge_loop_check__refuses_loops_and_names_them),
        cmocka_unit_test(badge_loop_check__walks_long_chains_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
