#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "badge_explain.h"
#include "badge_lab.h"

static const char *text_of(const json_t *obj, const char *key) {
    const json_t *v = json_object_get(obj, key);
    assert_non_null(v);
    return json_is_null(v) ? "(null)" : json_string_value(v);
}

/* The one condition of a rule that is a leaf. */
static void check_sentence(const char *rule, struct lab_fact fact, enum badge_voice voice,
                           const char *detail, const char *value) {
    AUTO_LAB c;
    lab_open(&c);
    if (!lab_bind(&c, rule)) {
        fail_msg("%s: %s", rule, c.err.text);
    }
    struct badge_verdict v = lab_decide(&c, &fact, fact.item == LAB_COUNT ? 0 : 1);
    json_t *page = badge_explain(c.plan, &v, voice);
    const json_t *leaf = json_array_get(json_object_get(page, "conditions"), 0);
    if (strcmp(text_of(leaf, "detail"), detail) != 0 ||
        strcmp(text_of(leaf, "value"), value) != 0) {
        fail_msg("%s: [%s] %s", rule, text_of(leaf, "value"), text_of(leaf, "detail"));
    }
    json_decref(page);
}

#define REPORT "{\"item\": \"Field report\", \"min_points\": 12}"
#define REPORT_BY "{\"item\": \"Field report\", \"min_points\": 12, \"by\": \"2027-05-01\"}"
#define QUIZ "{\"item\": \"Lab safety quiz\", \"min_percent\": 80}"
#define NONE ((struct lab_fact){.item = LAB_COUNT})

static void badge_explain__says_what_is_true_and_what_is_needed(void **state) {
    (void)state;
    const struct {
        const char *rule;
        struct lab_fact fact;
        const char *learner, *teacher, *value;
    } rows[] = {
        {REPORT,
         {.item = LAB_REPORT, .score = "10"},
         "Your Field report has 10 points; the badge needs 12.",
         "Field report: 10 points; needs 12.",
         "10 points"},
        {REPORT,
         {.item = LAB_REPORT, .score = "12.50"},
         "Your Field report has 12.5 points; the badge needs 12.",
         "Field report: 12.5 points; needs 12.",
         "12.5 points"},
        {REPORT_BY,
         {.item = LAB_REPORT, .score = "1"},
         "Your Field report has 1 point; the badge needs 12, by 1 May 2027.",
         "Field report: 1 point; needs 12, by 1 May 2027.",
         "1 point"},
        {QUIZ,
         {.item = LAB_QUIZ, .score = "79.96"},
         "Your Lab safety quiz has 79.9 %; the badge needs 80 %.",
         "Lab safety quiz: 79.9 %; needs 80 %.",
         "79.9 %"},
        {QUIZ, NONE, "Your Lab safety quiz has no result yet; the badge needs 80 %.",
         "Lab safety quiz has no result yet; needs 80 %.", "(null)"},
        {QUIZ,
         {.item = LAB_QUIZ},
         "Your Lab safety quiz is not graded yet; the badge needs 80 %.",
         "Lab safety quiz is not graded yet; needs 80 %.",
         "(null)"},
        {REPORT,
         {.item = LAB_REPORT},
         "Your Field report is not graded yet; the badge needs 12 points.",
         "Field report is not graded yet; needs 12 points.",
         "(null)"},
        {QUIZ,
         {.item = LAB_QUIZ, .is_excused = true},
         "You are excused from Lab safety quiz.",
         "Excused from Lab safety quiz.",
         "(null)"},
        {REPORT_BY,
         {.item = LAB_REPORT, .score = "20", .submitted = "2027-05-02T08:00:00Z"},
         "Your Field report came after 1 May 2027, the last day that counted.",
         "Field report: came after 1 May 2027, the last day that counted.",
         "20 points"},
        {REPORT_BY,
         {.item = LAB_REPORT, .score = "20"},
         "Your Field report is good enough, but nothing says when it was done; ask your teacher.",
         "Field report is good enough, but nothing says when it was done; award by hand or take "
         "the "
         "date out.",
         "20 points"},
        {"{\"item\": \"Exam\", \"min_letter\": \"B\"}",
         {.item = LAB_EXAM, .letter = "C+"},
         "Your Exam is graded C+; the badge needs B.",
         "Exam: C+; needs B.",
         "C+"},
        {"{\"item\": \"Exam\"}",
         {.item = LAB_EXAM, .score = "20"},
         "Your Exam has 20 points; the badge needs 25 points.",
         "Exam: 20 points; needs 25 points.",
         "20 points"},
        {"{\"item\": \"Lab 1\"}",
         {.item = LAB_ONE, .score = "0"},
         "Your Lab 1 has 0 points; any score above zero counts.",
         "Lab 1: 0 points; any score above zero counts.",
         "0 points"},
        {"{\"item\": \"Lab 1\"}",
         {.item = LAB_ONE, .score = "4"},
         "Your Lab 1 has 4 points.",
         "Lab 1: 4 points.",
         "4 points"},
        {"{\"item\": \"Journal\"}",
         {.item = LAB_JOURNAL, .completion = MODEL_COMPLETION_PASSED},
         "Your Journal is passed.",
         "Journal: passed.",
         "passed"},
        {"{\"item\": \"Journal\"}",
         {.item = LAB_JOURNAL, .completion = MODEL_COMPLETION_FAILED},
         "Your Journal is complete but not passed yet.",
         "Journal is complete but not passed yet.",
         "complete, not passed"},
        {"{\"course\": {\"min_percent\": 75}}",
         {.item = LAB_FINAL, .score = "70"},
         "Your course total has 70 %; the badge needs 75 %.",
         "The course total: 70 %; needs 75 %.",
         "70 %"},
        {"{\"course\": \"completed\"}", NONE, "The course is not complete yet.",
         "The course is not complete yet.", "(null)"},
        {"{\"module\": \"Week 1\"}",
         {.item = LAB_WEEK, .completion = MODEL_COMPLETION_COMPLETE},
         "You have completed the module \"Week 1\".",
         "Has completed the module \"Week 1\".",
         "complete"},
        {"{\"badge\": \"first\"}", NONE, "You need the badge \"first\" first.",
         "Needs the badge \"first\" first.", "(null)"},
        {"{\"manual\": \"Wears goggles\"}", NONE,
         "Your teacher still has to confirm: Wears goggles",
         "A teacher still has to confirm: Wears goggles", "(null)"},
        {"{\"item\": \"Old essay\"}", NONE,
         "Your Old essay is no longer in the course; ask your teacher.",
         "Old essay is no longer in the course; change the rule or the course.", "(null)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check_sentence(rows[i].rule, rows[i].fact, BADGE_VOICE_LEARNER, rows[i].learner,
                       rows[i].value);
        check_sentence(rows[i].rule, rows[i].fact, BADGE_VOICE_TEACHER, rows[i].teacher,
                       rows[i].value);
    }
}

#define QUIZ_BY "{\"item\": \"Lab safety quiz\", \"min_percent\": 80, \"by\": \"2027-05-01\"}"
#define QUIZ_BARE "{\"item\": \"Lab safety quiz\"}"
#define QUIZ_LETTER "{\"item\": \"Lab safety quiz\", \"min_letter\": \"B\"}"

/* attacks.md F15 */
static void badge_explain__never_tells_a_learner_a_hidden_grade(void **state) {
    (void)state;
    static const char *const rules[] = {QUIZ, QUIZ_BY, QUIZ_BARE, QUIZ_LETTER};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        AUTO_LAB c;
        lab_open(&c);
        assert_true(lab_bind(&c, rules[i]));
        struct lab_fact hidden = {.item = LAB_QUIZ,
                                  .score = "97",
                                  .letter = "F",
                                  .is_hidden = true,
                                  .completion = i == 2 ? MODEL_COMPLETION_FAILED : 0,
                                  .submitted = "2027-06-01T00:00:00Z"};
        struct badge_verdict v = lab_decide(&c, &hidden, 1);
        json_t *learner = badge_explain(c.plan, &v, BADGE_VOICE_LEARNER);
        json_t *reasons = badge_reasons_json(c.plan, &v, 1);
        struct sv page = js_dump(&c.arena, learner);
        struct sv kept = js_dump(&c.arena, reasons);
        if (strstr(page.ptr, "97") != NULL || strstr(page.ptr, "\"F\"") != NULL ||
            strstr(page.ptr, "not passed") != NULL || strstr(kept.ptr, "97") != NULL ||
            strstr(kept.ptr, "failed") != NULL) {
            fail_msg("%s\n%s", page.ptr, kept.ptr);
        }
        json_decref(learner);
        json_decref(reasons);
    }
}

static void badge_explain__sums_up_and_names_the_next_step(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    assert_true(
        lab_bind(&c, "{\"all\": [" QUIZ ", {\"any\": [" REPORT
                     ", {\"at_least\": 2, \"of\": [{\"item\": \"Lab 1\"}, {\"item\": \"Lab 2\"},"
                     "{\"item\": \"Lab 3\"}]}]}, {\"manual\": \"Seen\"}]}"));
    const struct lab_fact facts[] = {{.item = LAB_QUIZ, .score = "92"},
                                     {.item = LAB_REPORT, .score = "10"}};
    struct badge_verdict v = lab_decide(&c, facts, 2);
    json_t *page = badge_explain(c.plan, &v, BADGE_VOICE_LEARNER);
    assert_true(json_is_false(json_object_get(page, "met")));
    assert_string_equal(text_of(page, "title"), "all of");
    assert_string_equal(text_of(page, "summary"), "1 of 3 done");
    assert_int_equal(json_integer_value(json_object_get(page, "done")), 1);
    assert_int_equal(json_integer_value(json_object_get(page, "total")), 3);
    assert_int_equal(json_integer_value(json_object_get(page, "steps_left")), 2);
    assert_string_equal(text_of(page, "next"),
                        "Your Field report has 10 points; the badge needs 12.");
    const json_t *any = json_array_get(json_object_get(page, "conditions"), 1);
    assert_string_equal(text_of(any, "kind"), "group");
    assert_string_equal(text_of(any, "text"), "any of");
    assert_string_equal(text_of(any, "value"), "one of these is enough");
    const json_t *labs = json_array_get(json_object_get(any, "children"), 1);
    assert_string_equal(text_of(labs, "value"), "0 of 2 done");
    assert_int_equal(json_array_size(json_object_get(labs, "children")), 3);
    json_decref(page);
}

static void badge_explain__has_no_next_step_when_met_and_a_reason_when_stuck(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    assert_true(lab_bind(&c, "{\"all\": [{\"item\": \"Lab 1\"}, {\"item\": \"Lab 2\"}]}"));
    const struct lab_fact met[] = {{.item = LAB_ONE, .score = "1"},
                                   {.item = LAB_TWO, .score = "1"}};
    struct badge_verdict v = lab_decide(&c, met, 2);
    json_t *page = badge_explain(c.plan, &v, BADGE_VOICE_LEARNER);
    assert_true(json_is_null(json_object_get(page, "next")));
    assert_string_equal(text_of(page, "summary"), "2 of 2 done");
    json_decref(page);
    const struct lab_fact stuck[] = {{.item = LAB_ONE, .is_excused = true},
                                     {.item = LAB_TWO, .is_excused = true}};
    v = lab_decide(&c, stuck, 2);
    page = badge_explain(c.plan, &v, BADGE_VOICE_LEARNER);
    assert_true(json_is_null(json_object_get(page, "steps_left")));
    assert_string_equal(
        text_of(page, "next"),
        "You are excused from all of these, so they cannot count; ask your teacher.");
    json_decref(page);
    assert_true(lab_bind(&c, "{\"all\": [{\"item\": \"Lab 1\"}, {\"item\": \"Old essay\"}]}"));
    v = lab_decide(&c, met, 1);
    page = badge_explain(c.plan, &v, BADGE_VOICE_TEACHER);
    assert_true(json_is_false(json_object_get(page, "decidable")));
    assert_string_equal(text_of(page, "next"), c.plan->broken_text.ptr);
    json_decref(page);
}

/* attacks.md F14 */
static void badge_reasons_json__keeps_the_facts_seen(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    assert_true(lab_bind(&c, "{\"all\": [" QUIZ ", {\"badge\": \"first\"}]}"));
    struct model_fact fact = lab_fact((struct lab_fact){.item = LAB_QUIZ,
                                                        .score = "92.50000",
                                                        .submitted = "2027-04-30T10:00:00Z",
                                                        .graded = "2027-05-01T10:00:00Z"});
    struct badge_held held = {SV("first"), lab_time("2027-04-01T00:00:00Z")};
    struct badge_evidence e = {.facts = &fact, .fact_count = 1, .badges = &held, .badge_count = 1};
    struct badge_verdict v = badge_decide(c.plan, &e, c.results);
    json_t *have = badge_reasons_json(c.plan, &v, 3);
    json_t *want = json_loads(
        "{\"rule_version\": 3, \"met\": true, \"leaves\": [{\"text\": \"Lab safety quiz is at "
        "least 80 "
        "%\", \"state\": \"met\", \"why\": \"met\", \"item\": {\"kind\": \"activity\", \"source\": "
        "\"moodle\", \"id\": \"17\", \"title\": \"Lab safety quiz\"}, \"score\": \"92.5\", "
        "\"maximum\": \"100\", \"submitted_at\": \"2027-04-30T10:00:00Z\", \"graded_at\": "
        "\"2027-05-01T10:00:00Z\", \"min_percent\": \"80\"}, {\"text\": \"the badge \\\"first\\\" "
        "is held\", \"state\": "
        "\"met\", \"why\": \"met\", \"badge\": \"first\", \"at\": \"2027-04-01T00:00:00Z\"}]}",
        0, NULL);
    assert_non_null(want);
    if (!json_equal(have, want)) {
        fail_msg("%s", js_dump(&c.arena, have).ptr);
    }
    json_decref(have);
    json_decref(want);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(badge_explain__says_what_is_true_and_what_is_needed),
        cmocka_unit_test(badge_explain__never_tells_a_learner_a_hidden_grade),
        cmocka_unit_test(badge_explain__sums_up_and_names_the_next_step),
        cmocka_unit_test(badge_explain__has_no_next_step_when_met_and_a_reason_when_stuck),
        cmocka_unit_test(badge_reasons_json__keeps_the_facts_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
