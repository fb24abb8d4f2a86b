#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "badge_lab.h"

#define FACTS(...) {__VA_ARGS__}, sizeof((struct lab_fact[]){__VA_ARGS__}) / sizeof(struct lab_fact)

#define L1 "{\"item\": \"Lab 1\"}"
#define L2 "{\"item\": \"Lab 2\"}"
#define L3 "{\"item\": \"Lab 3\"}"
#define DONE(n)                                                                                    \
    { .item = (n), .score = "1" }
#define EXCUSED(n)                                                                                 \
    { .item = (n), .is_excused = true }
#define NEVER BADGE_STEPS_NEVER

static void badge_decide__combines_groups(void **state) {
    (void)state;
    static const char all[] = "{\"all\": [" L1 "," L2 "," L3 "]}";
    static const char any[] = "{\"any\": [" L1 "," L2 "]}";
    static const char two[] = "{\"at_least\": 2, \"of\": [" L1 "," L2 "," L3 "]}";
    static const char points[] =
        "{\"points\": 60, \"of\": [{\"rule\": " L1 ", \"worth\": 40},"
        "{\"rule\": " L2 ", \"worth\": 20}, {\"rule\": " L3 ", \"worth\": 30.5}]}";
    static const char deep[] = "{\"all\": [" L1 ", {\"any\": [" L2 "," L3 "]}]}";
    static const char late[] = "{\"any\": [{\"item\": \"Lab 1\", \"by\": \"2027-05-01\"}," L2 "]}";
    const struct {
        const char *name, *rule;
        struct lab_fact facts[3];
        size_t count;
        enum badge_state state;
        uint32_t steps, done, total;
    } rows[] = {
        {"all, none", all, {{0}}, 0, BADGE_NOT_YET, 3, 0, 3},
        {"all, one", all, FACTS(DONE(LAB_TWO)), BADGE_NOT_YET, 2, 1, 3},
        {"all, all", all, FACTS(DONE(LAB_ONE), DONE(LAB_TWO), DONE(LAB_THREE)), BADGE_MET, 0, 3, 3},
        {"all, one excused", all, FACTS(DONE(LAB_ONE), EXCUSED(LAB_TWO), DONE(LAB_THREE)),
         BADGE_MET, 0, 2, 2},
        {"all, one excused and one missing", all, FACTS(DONE(LAB_ONE), EXCUSED(LAB_TWO)),
         BADGE_NOT_YET, 1, 1, 2},
        {"all, only excused", all, FACTS(EXCUSED(LAB_ONE), EXCUSED(LAB_TWO), EXCUSED(LAB_THREE)),
         BADGE_NOT_YET, NEVER, 0, 1},
        {"any, none", any, {{0}}, 0, BADGE_NOT_YET, 1, 0, 1},
        {"any, one", any, FACTS(DONE(LAB_TWO)), BADGE_MET, 0, 1, 1},
        {"any, one excused", any, FACTS(EXCUSED(LAB_ONE)), BADGE_NOT_YET, 1, 0, 1},
        {"any, only excused", any, FACTS(EXCUSED(LAB_ONE), EXCUSED(LAB_TWO)), BADGE_NOT_YET, NEVER,
         0, 1},
        {"two, one", two, FACTS(DONE(LAB_THREE)), BADGE_NOT_YET, 1, 1, 2},
        {"two, three", two, FACTS(DONE(LAB_ONE), DONE(LAB_TWO), DONE(LAB_THREE)), BADGE_MET, 0, 2,
         2},
        {"two, two", two, FACTS(DONE(LAB_ONE), DONE(LAB_THREE)), BADGE_MET, 0, 2, 2},
        {"two stay two when one is excused", two, FACTS(DONE(LAB_ONE), EXCUSED(LAB_TWO)),
         BADGE_NOT_YET, 1, 1, 2},
        {"two of one left", two, FACTS(DONE(LAB_ONE), EXCUSED(LAB_TWO), EXCUSED(LAB_THREE)),
         BADGE_NOT_YET, NEVER, 1, 2},
        {"points, none: 40 and 20 or more", points, {{0}}, 0, BADGE_NOT_YET, 2, 0, 60},
        {"points, 40", points, FACTS(DONE(LAB_ONE)), BADGE_NOT_YET, 1, 40, 60},
        {"points, 50.5", points, FACTS(DONE(LAB_TWO), DONE(LAB_THREE)), BADGE_NOT_YET, 1, 50, 60},
        {"points, 60 exactly", points, FACTS(DONE(LAB_ONE), DONE(LAB_TWO)), BADGE_MET, 0, 60, 60},
        {"points, the 40 excused", points, FACTS(EXCUSED(LAB_ONE), DONE(LAB_TWO), DONE(LAB_THREE)),
         BADGE_NOT_YET, NEVER, 50, 60},
        {"deep", deep, FACTS(DONE(LAB_ONE)), BADGE_NOT_YET, 1, 1, 2},
        {"deep, a group of only excused leaves is not met", deep,
         FACTS(DONE(LAB_ONE), EXCUSED(LAB_TWO), EXCUSED(LAB_THREE)), BADGE_NOT_YET, NEVER, 1, 2},
        {"one road missed, one open", late,
         FACTS({.item = LAB_ONE, .score = "1", .submitted = "2027-06-01T00:00:00Z"}), BADGE_NOT_YET,
         1, 0, 1},
        {"one road missed, one excused", late,
         FACTS({.item = LAB_ONE, .score = "1", .submitted = "2027-06-01T00:00:00Z"},
               EXCUSED(LAB_TWO)),
         BADGE_MISSED, NEVER, 0, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_LAB c;
        lab_open(&c);
        if (!lab_bind(&c, rows[i].rule)) {
            fail_msg("%s: %s", rows[i].name, c.err.text);
        }
        struct badge_verdict v = lab_decide(&c, rows[i].facts, rows[i].count);
        if (v.results[0].state != rows[i].state || v.steps_left != rows[i].steps ||
            v.done != rows[i].done || v.total != rows[i].total) {
            fail_msg("%s: %s, %u steps, %u of %u", rows[i].name,
                     badge_state_name(v.results[0].state), v.steps_left, v.done, v.total);
        }
    }
}

static void badge_decide__waits_for_a_teacher_only_when_nothing_else_is_open(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    assert_true(lab_bind(&c, "{\"any\": [{\"manual\": \"Seen\"}," L1 "]}"));
    assert_int_equal(lab_decide(&c, NULL, 0).results[0].state, BADGE_NOT_YET);
    struct lab_fact excused = EXCUSED(LAB_ONE);
    assert_int_equal(lab_decide(&c, &excused, 1).results[0].state, BADGE_NEEDS_TEACHER);
}

static void badge_decide__neither_awards_nor_revokes_by_a_broken_rule(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    assert_true(lab_bind(&c, "{\"any\": [" L1 ", {\"item\": \"Old essay\"}]}"));
    struct lab_fact f[] = {DONE(LAB_ONE), DONE(LAB_GONE)};
    struct badge_verdict v = lab_decide(&c, f, 2);
    assert_int_equal(v.results[1].state, BADGE_MET);
    assert_int_equal(v.results[2].why, BADGE_WHY_GONE);
    assert_false(v.is_decidable);
    assert_false(v.is_met);
    assert_non_null(strstr(c.plan->broken_text.ptr, "Old essay"));
    /* whatever group it is in, met by the others or not */
    static const char *const rules[] = {
        "{\"all\": [" L1 ", {\"item\": \"Old essay\"}]}",
        "{\"at_least\": 1, \"of\": [" L1 ", {\"item\": \"Old essay\"}]}",
        "{\"points\": 1, \"of\": [{\"rule\": " L1
        ", \"worth\": 1}, {\"rule\": {\"item\": \"Old essay\"}, \"worth\": 1}]}",
        "{\"all\": [" L1 ", {\"any\": [" L1 ", {\"item\": \"Old essay\"}]}]}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        assert_true(lab_bind(&c, rules[i]));
        v = lab_decide(&c, f, 2);
        if (v.is_decidable || v.is_met) {
            fail_msg("%s is decided", rules[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(badge_decide__combines_groups),
        cmocka_unit_test(badge_decide__waits_for_a_teacher_only_when_nothing_else_is_open),
        cmocka_unit_test(badge_decide__neither_awards_nor_revokes_by_a_broken_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
