#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page_course.h"

static json_t *convert(struct arena *a, enum badge_voice voice, const char *conditions) {
    AUTO_JSON *explained = json_object();
    json_t *list = json_loads(conditions, 0, NULL);
    assert_non_null(list);
    assert_int_equal(json_object_set_new(explained, "conditions", list), 0);
    const struct page_conditions view = {.arena = a, .voice = voice, .zone = text_zone_utc};
    return page_conditions(&view, explained);
}

static const char *text(const json_t *obj, const char *key) {
    const json_t *value = json_object_get(obj, key);
    assert_true(json_is_string(value));
    return json_string_value(value);
}

#define LEAF(name, state, more)                                                                    \
    "{\"kind\":\"leaf\",\"text\":\"" name "\",\"state\":\"" state "\"," more "\"children\":[]}"
#define GROUP(name, state, children)                                                               \
    "{\"kind\":\"group\",\"text\":\"" name "\",\"state\":\"" state                                 \
    "\",\"why\":\"group\",\"value\":null,\"needed\":null,\"detail\":\"So far: 1 of 2 done.\","     \
    "\"children\":[" children "]}"

static void page_conditions__give_every_key_of_the_template(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *list = convert(&a, BADGE_VOICE_LEARNER,
                              "[" LEAF("quiz is at least 80 %", "not_yet",
                                       "\"why\":\"no_fact\",\"value\":null,\"needed\":\"80 %\","
                                       "\"detail\":\"Nothing yet.\",") "]");
    const json_t *one = json_array_get(list, 0);
    assert_string_equal(text(one, "state"), "not_yet");
    assert_string_equal(text(one, "word"), "Not yet");
    assert_string_equal(text(one, "text"), "Quiz is at least 80\xC2\xA0%");
    assert_string_equal(text(one, "value"), "");
    assert_string_equal(text(one, "needed"), ""); /* the text says it */
    assert_string_equal(text(one, "detail"), "Nothing yet.");
    assert_string_equal(text(one, "source"), "");
    assert_true(json_is_false(json_object_get(one, "has_children")));
    assert_true(json_is_array(json_object_get(one, "children")));
    assert_int_equal(json_object_size(one), 9);
}

static void page_conditions__say_what_is_needed_when_the_text_does_not(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *list =
        convert(&a, BADGE_VOICE_LEARNER,
                "[" LEAF("Lab 1 is complete", "not_yet",
                         "\"value\":\"3 points\",\"needed\":\"5 points\",\"detail\":null,") "]");
    assert_string_equal(text(json_array_get(list, 0), "needed"), "needs 5\xC2\xA0points");
    assert_string_equal(text(json_array_get(list, 0), "value"), "3\xC2\xA0points");
}

static void page_conditions__have_a_word_for_each_state(void **state) {
    (void)state;
    static const struct {
        const char *conditions, *learner, *teacher;
    } rows[] = {
        {"[" LEAF("a", "met", "") "]", "Met", "Met"},
        {"[" LEAF("a", "not_yet", "") "]", "Not yet", "Not yet"},
        {"[" LEAF("a", "missed", "") "]", "Missed", "Missed"},
        {"[" LEAF("a", "excused", "") "]", "Excused", "Excused"},
        {"[" LEAF("a", "needs_teacher", "") "]", "Waiting for your teacher", "Waits for a teacher"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        AUTO_JSON *learner = convert(&a, BADGE_VOICE_LEARNER, rows[i].conditions);
        AUTO_JSON *teacher = convert(&a, BADGE_VOICE_TEACHER, rows[i].conditions);
        assert_string_equal(text(json_array_get(learner, 0), "word"), rows[i].learner);
        assert_string_equal(text(json_array_get(teacher, 0), "word"), rows[i].teacher);
    }
}

static void page_conditions__leave_out_sentences_that_the_line_says_already(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *list = convert(
        &a, BADGE_VOICE_LEARNER,
        "[" LEAF("a", "met", "\"value\":\"92 %\",\"detail\":\"Your a has 92 %.\",") "," GROUP(
            "any of", "not_yet", LEAF("b", "not_yet", "")) "," GROUP("all of", "missed",
                                                                     LEAF("c", "missed", "")) "]");
    assert_string_equal(text(json_array_get(list, 0), "detail"), "");
    assert_string_equal(text(json_array_get(list, 1), "detail"), "");
    assert_string_equal(text(json_array_get(list, 2), "detail"), "So far: 1 of 2 done.");
}

static void page_conditions__say_nothing_twice(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *explained = json_loads(
        "{\"conditions\":[" LEAF("a", "not_yet", "\"detail\":\"Your a is late.\",") "," LEAF(
            "b", "not_yet",
            "\"detail\":\"Your b is late.\",") "," LEAF("a teacher confirms: c", "needs_teacher",
                                                        "\"why\":\"not_attested\","
                                                        "\"detail\":\"Your teacher still "
                                                        "has to confirm: c\",") "]}",
        0, NULL);
    const struct page_conditions view = {
        .arena = &a, .voice = BADGE_VOICE_LEARNER, .said = SV("Your a is late.")};
    AUTO_JSON *list = page_conditions(&view, explained);
    assert_string_equal(text(json_array_get(list, 0), "detail"), "");
    assert_string_equal(text(json_array_get(list, 1), "detail"), "Your b is late.");
    assert_string_equal(text(json_array_get(list, 2), "detail"), "");
}

static void page_conditions__nest_three_levels_and_flatten_the_rest(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *list = convert(
        &a, BADGE_VOICE_LEARNER,
        "[" GROUP("one", "not_yet",
                  GROUP("two", "not_yet",
                        GROUP("three", "not_yet",
                              GROUP("four", "not_yet",
                                    LEAF("five", "not_yet", "")) "," LEAF("six", "met", "")))) "]");
    const json_t *one = json_array_get(list, 0);
    const json_t *two = json_array_get(json_object_get(one, "children"), 0);
    const json_t *level = json_object_get(two, "children");
    static const char *const names[] = {"Three", "Four", "Five", "Six"};
    assert_true(json_is_true(json_object_get(one, "has_children")));
    assert_true(json_is_true(json_object_get(two, "has_children")));
    assert_int_equal(json_array_size(level), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(text(json_array_get(level, i), "text"), names[i]);
        assert_true(json_is_false(json_object_get(json_array_get(level, i), "has_children")));
    }
}

static void page_outline__shows_a_rule_without_anybodys_facts(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    const struct badge_rule *rule = NULL;
    struct sv src = SV("{\"all\": [{\"item\": \"Quiz\", \"min_points\": 12}, {\"any\": "
                       "[{\"item\": \"Lab 1\"}, {\"item\": \"Lab 2\"}]}]}");
    assert_true(badge_rule_parse(&a, src, &rule, &err));
    AUTO_JSON *list = page_outline(&a, rule);
    const json_t *root = json_array_get(list, 0);
    const json_t *children = json_object_get(root, "children");
    assert_string_equal(text(root, "text"), "All of these");
    assert_int_equal(json_array_size(children), 2);
    assert_string_equal(text(json_array_get(children, 0), "text"),
                        "Quiz has at least 12\xC2\xA0points");
    assert_string_equal(text(json_array_get(children, 1), "state"), "not_yet");
}

/* One course with one item; Moodle graded it on 2 May 2027 at 10:12 UTC. */
static void page_conditions__tell_teachers_where_a_value_came_from(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    const struct badge_rule *rule = NULL;
    const struct badge_plan *plan = NULL;
    struct model_item items[] = {
        {.id = 1,
         .source = SV("moodle"),
         .ref = SV("17"),
         .title = SV("Quiz"),
         .has_maximum = true,
         .maximum = {100, 0}},
        {.id = 2, .source = SV("moodle"), .ref = SV("18"), .title = SV("Lab")}};
    const struct badge_catalogue catalogue = {.items = items, .item_count = 2};
    struct model_fact fact = {.item_index = 0,
                              .has_score = true,
                              .score = {92, 0},
                              .is_posted = true,
                              .graded_at = INT64_C(1809252720) * USEC_PER_S};
    struct sv src =
        SV("{\"all\": [{\"item\": \"Quiz\", \"min_percent\": 80}, {\"item\": \"Lab\"}]}");
    assert_true(badge_rule_parse(&a, src, &rule, &err));
    assert_true(badge_plan_bind(&a, rule, &catalogue, &plan, &err));
    const struct badge_evidence evidence = {.facts = &fact, .fact_count = 1};
    struct badge_result *results = ARENA_ARRAY(&a, struct badge_result, plan->node_count);
    struct badge_verdict verdict = badge_decide(plan, &evidence, results);
    AUTO_JSON *explained = badge_explain(plan, &verdict, BADGE_VOICE_TEACHER);
    struct page_conditions view = {.arena = &a,
                                   .voice = BADGE_VOICE_TEACHER,
                                   .plan = plan,
                                   .verdict = &verdict,
                                   .zone = text_zone_utc};
    AUTO_JSON *list = page_conditions(&view, explained);
    assert_string_equal(text(json_array_get(list, 0), "source"),
                        "Moodle, graded 2 May 2027, 10:12");
    assert_string_equal(text(json_array_get(list, 1), "source"), "Moodle keeps nothing for it yet");
    view.voice = BADGE_VOICE_LEARNER;
    AUTO_JSON *learner = page_conditions(&view, explained);
    assert_string_equal(text(json_array_get(learner, 0), "source"), "");
}

static void page_unbroken__keeps_numbers_and_units_together(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {{"80 % of 12 points", "80\xC2\xA0% of 12\xC2\xA0points"},
                {"1 point", "1\xC2\xA0point"},
                {"2 of 3 labs", "2 of 3 labs"},
                {"no % here", "no % here"},
                {"", ""}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct sv out = page_unbroken(&a, sv_from(rows[i].in));
        assert_true(sv_eq(out, sv_from(rows[i].out)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(page_conditions__give_every_key_of_the_template),
        cmocka_unit_test(page_conditions__say_what_is_needed_when_the_text_does_not),
        cmocka_unit_test(page_conditions__have_a_word_for_each_state),
        cmocka_unit_test(page_conditions__leave_out_sentences_that_the_line_says_already),
        cmocka_unit_test(page_conditions__say_nothing_twice),
        cmocka_unit_test(page_conditions__nest_three_levels_and_flatten_the_rest),
        cmocka_unit_test(page_outline__shows_a_rule_without_anybodys_facts),
        cmocka_unit_test(page_conditions__tell_teachers_where_a_value_came_from),
        cmocka_unit_test(page_unbroken__keeps_numbers_and_units_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
