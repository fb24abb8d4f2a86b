#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "badge_lab.h"

static void badge_plan_bind__finds_titles_through_white_space(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    c.items[LAB_QUIZ].title = SV("  Lab \t safety\xc2\xa0 quiz\n");
    assert_true(lab_bind(&c, "{\"item\": \" Lab safety  quiz \"}"));
    assert_int_equal(c.plan->nodes[0].item, LAB_QUIZ);
    assert_false(lab_bind(&c, "{\"item\": \"Labsafety quiz\"}"));
    c.err = (struct err){0};
    assert_false(lab_bind(&c, "{\"item\": \"lab safety quiz\"}")); /* another case, another title */
    assert_string_equal(c.err.reason, "ref_none");
}

static void badge_plan_bind__finds_by_source_and_id_within_the_kind(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    c.items[LAB_WEEK].ref = SV("41"); /* a module may carry the number of an activity */
    assert_true(lab_bind(&c, "{\"all\": [{\"item\": {\"source\": \"moodle\", \"id\": \"41\"}},"
                             "{\"module\": {\"source\": \"moodle\", \"id\": \"41\"}}]}"));
    assert_int_equal(c.plan->nodes[1].item, LAB_TWIN_B);
    assert_int_equal(c.plan->nodes[2].item, LAB_WEEK);
    assert_false(lab_bind(&c, "{\"item\": {\"source\": \"canvas\", \"id\": \"41\"}}"));
}

static void badge_plan_bind__lays_children_side_by_side_behind_parents(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    assert_true(lab_bind(&c, "{\"all\": [{\"any\": [{\"item\": \"Lab 1\"}, {\"item\": \"Lab 2\"}]},"
                             "{\"item\": \"Lab 3\"}, {\"any\": [{\"item\": \"Exam\"}]}]}"));
    assert_int_equal(c.plan->node_count, 7);
    for (uint32_t i = 0; i < c.plan->node_count; i++) {
        const struct badge_node *n = &c.plan->nodes[i];
        for (uint32_t k = 0; k < n->child_count; k++) {
            assert_true(n->first_child + k > i);
            assert_ptr_equal(c.plan->nodes[n->first_child + k].rule, &n->rule->children[k]);
        }
    }
}

static void badge_plan_bind__refuses_with_candidates(void **state) {
    (void)state;
    static const struct {
        const char *rule, *reason, *text;
    } rows[] = {
        {"{\"item\": \"Lab safety\"}", "ref_none",
         "\"Lab safety\" matches no item; did you mean \"Lab safety quiz\""},
        {"{\"item\": \"lab 1\"}", "ref_none", "did you mean \"Lab 1\""},
        {"{\"item\": \"Report\"}", "ref_many",
         "\"Report\" matches 2 items: moodle 40 \"Report\", moodle 41 \"Report\"; use {\"source\": "
         "\"moodle\", \"id\": \"40\"}"},
        {"{\"item\": {\"source\": \"moodle\", \"id\": \"99\"}}", "ref_none",
         "{\"source\": \"moodle\", \"id\": \"99\"} matches no item; did you mean "},
        {"{\"item\": \"Week 1\"}", "ref_none", "\"Week 1\" matches no item"}, /* it is a module */
        {"{\"module\": \"Week 2\"}", "ref_none", "did you mean \"Week 1\"?"},
        {"{\"item\": \"Survey\", \"min_percent\": 50}", "maximum", "Survey is worth 0 points"},
        {"{\"item\": \"Notes\", \"min_percent\": 50}", "maximum", "Notes has no maximum"},
        {"{\"item\": \"Exam\", \"min_letter\": \"E\"}", "letter",
         "min_letter \"E\" is not in the course's scale: A+, A, A-, B+"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_LAB c;
        lab_open(&c);
        bool is_bound = lab_bind(&c, rows[i].rule);
        if (is_bound || strcmp(c.err.reason, rows[i].reason) != 0 ||
            strstr(c.err.text, rows[i].text) == NULL) {
            fail_msg("%s: %s: %s", rows[i].rule, c.err.reason, c.err.text);
        }
    }
}

static void badge_plan_bind__refuses_what_the_source_cannot_read(void **state) {
    (void)state;
    static const struct {
        const char *rule;
        struct badge_source_can can;
        const char *text;
    } rows[] = {
        {"{\"course\": {\"min_percent\": 75}}", LAB_CAN_ALL, "course totals"},
        {"{\"course\": \"completed\"}", LAB_CAN_ALL, "course completion"},
        {"{\"module\": \"Week 1\"}", LAB_CAN_ALL, "modules"},
        {"{\"outcome\": \"Safety\"}", LAB_CAN_ALL, "outcomes"},
        {"{\"item\": \"Exam\", \"min_letter\": \"B\"}", LAB_CAN_ALL, "letter grades"},
        {"{\"course\": {\"min_letter\": \"B\"}}", LAB_CAN_ALL, "letter grades"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_LAB c;
        lab_open(&c);
        if (!lab_bind(&c, rows[i].rule)) {
            fail_msg("%s with everything readable: %s", rows[i].rule, c.err.text);
        }
        c.catalogue.can = rows[i].can;
        c.catalogue.can.has_course_total = i != 0;
        c.catalogue.can.has_completion = i != 1;
        c.catalogue.can.has_modules = i != 2;
        c.catalogue.can.has_outcomes = i != 3;
        c.catalogue.can.has_letters = i < 4;
        assert_false(lab_bind(&c, rows[i].rule));
        assert_string_equal(c.err.reason, "source");
        assert_non_null(strstr(c.err.text, rows[i].text));
        assert_non_null(strstr(c.err.text, "Moodle"));
    }
}

static void badge_plan_bind__says_when_the_course_has_no_total(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    c.catalogue.item_count = LAB_FINAL;
    assert_false(lab_bind(&c, "{\"course\": {\"min_percent\": 75, \"total\": \"current\"}}"));
    assert_string_equal(c.err.text, "this course shows no current total");
    c.err = (struct err){0};
    assert_false(lab_bind(&c, "{\"module\": \"Week 1\"}"));
    assert_non_null(strstr(c.err.text, "the course has none that can be read"));
}

static void badge_plan_bind__marks_a_plan_whose_item_is_gone(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    /* a percentage of it is not asked after: it cannot be read any more */
    assert_true(lab_bind(&c, "{\"item\": \"Old essay\", \"min_percent\": 50}"));
    assert_true(c.plan->is_broken);
    assert_non_null(strstr(c.plan->broken_text.ptr, "Old essay is no longer in the course"));
    c.items[LAB_THREE].title = SV("Old essay"); /* made anew under the same title */
    assert_true(lab_bind(&c, "{\"item\": \"Old essay\", \"min_percent\": 50}"));
    assert_false(c.plan->is_broken);
    assert_int_equal(c.plan->nodes[0].item, LAB_THREE);
    assert_true(lab_bind(&c, "{\"item\": {\"source\": \"moodle\", \"id\": \"50\"}}"));
    assert_true(c.plan->is_broken); /* an id is not handed on; what has its name now is said */
    assert_non_null(strstr(c.plan->broken_text.ptr, "Something else has its name now: moodle 23."));
}

static void badge_plan_bind__cuts_long_titles_in_messages(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    struct str title;
    str_init(&title, &c.arena, 2000);
    for (int i = 0; i < 500; i++) {
        str_add_c(&title, "é");
    }
    for (int i = 0; i < LAB_FINAL; i++) {
        c.items[i].title = str_sv(&title);
    }
    assert_false(lab_bind(&c, "{\"item\": \"Essay\"}"));
    assert_true(sv_is_utf8(sv_from(c.err.text)));
    assert_non_null(strchr(c.err.text, '?'));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(badge_plan_bind__finds_titles_through_white_space),
        cmocka_unit_test(badge_plan_bind__finds_by_source_and_id_within_the_kind),
        cmocka_unit_test(badge_plan_bind__lays_children_side_by_side_behind_parents),
        cmocka_unit_test(badge_plan_bind__refuses_with_candidates),
        cmocka_unit_test(badge_plan_bind__refuses_what_the_source_cannot_read),
        cmocka_unit_test(badge_plan_bind__says_when_the_course_has_no_total),
        cmocka_unit_test(badge_plan_bind__marks_a_plan_whose_item_is_gone),
        cmocka_unit_test(badge_plan_bind__cuts_long_titles_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
