#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "badge_lab.h"

struct leaf_row {
    const char *name, *rule;
    struct lab_fact fact;
    bool has_no_fact;
    enum badge_state state;
    enum badge_why why;
};

static void check_leaves(const struct leaf_row *rows, size_t count) {
    for (size_t i = 0; i < count; i++) {
        AUTO_LAB c;
        lab_open(&c);
        if (!lab_bind(&c, rows[i].rule)) {
            fail_msg("%s: %s", rows[i].name, c.err.text);
        }
        struct badge_verdict v = lab_decide(&c, &rows[i].fact, rows[i].has_no_fact ? 0 : 1);
        if (v.results[0].state != rows[i].state || v.results[0].why != rows[i].why) {
            fail_msg("%s: is %s (%s), should be %s (%s)", rows[i].name,
                     badge_state_name(v.results[0].state), badge_why_name(v.results[0].why),
                     badge_state_name(rows[i].state), badge_why_name(rows[i].why));
        }
        assert_int_equal(v.is_met, rows[i].state == BADGE_MET);
    }
}

#define MET BADGE_MET, BADGE_WHY_MET
#define LOW BADGE_NOT_YET, BADGE_WHY_TOO_LOW
#define QUIZ_80 "{\"item\": \"Lab safety quiz\", \"min_percent\": 80}"

static void badge_decide__holds_the_percent_boundary(void **state) {
    (void)state;
    static const struct leaf_row rows[] = {
        {"79.99999", QUIZ_80, {.item = LAB_QUIZ, .score = "79.99999"}, false, LOW},
        {"79.5 is not rounded up", QUIZ_80, {.item = LAB_QUIZ, .score = "79.5"}, false, LOW},
        {"80", QUIZ_80, {.item = LAB_QUIZ, .score = "80"}, false, MET},
        {"80.00000", QUIZ_80, {.item = LAB_QUIZ, .score = "80.00000"}, false, MET},
        {"80.00001", QUIZ_80, {.item = LAB_QUIZ, .score = "80.00001"}, false, MET},
        {"extra credit", QUIZ_80, {.item = LAB_QUIZ, .score = "112"}, false, MET},
        {"zero", QUIZ_80, {.item = LAB_QUIZ, .score = "0"}, false, LOW},
        {"negative", QUIZ_80, {.item = LAB_QUIZ, .score = "-80"}, false, LOW},
        {"2.4 of 3 is 80 %, not 79.99...",
         QUIZ_80,
         {.item = LAB_QUIZ, .score = "2.4", .maximum = "3"},
         false,
         MET},
        {"the fact's own maximum counts",
         QUIZ_80,
         {.item = LAB_QUIZ, .score = "80", .maximum = "200"},
         false,
         LOW},
        {"maximum 0",
         QUIZ_80,
         {.item = LAB_QUIZ, .score = "80", .maximum = "0"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NO_MAXIMUM},
        {"0 of 0",
         QUIZ_80,
         {.item = LAB_QUIZ, .score = "0", .maximum = "0"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NO_MAXIMUM},
        {"negative of negative",
         QUIZ_80,
         {.item = LAB_QUIZ, .score = "-9", .maximum = "-10"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NO_MAXIMUM},
        {"no score", QUIZ_80, {.item = LAB_QUIZ}, false, BADGE_NOT_YET, BADGE_WHY_NOT_GRADED},
        {"no fact", QUIZ_80, {.item = LAB_QUIZ}, true, BADGE_NOT_YET, BADGE_WHY_NO_FACT},
        {"hidden",
         QUIZ_80,
         {.item = LAB_QUIZ, .score = "95", .is_hidden = true},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_POSTED},
        {"excused",
         QUIZ_80,
         {.item = LAB_QUIZ, .score = "95", .is_excused = true},
         false,
         BADGE_EXCUSED,
         BADGE_WHY_EXCUSED},
        {"above 100 %: 104.9",
         "{\"item\": \"Lab safety quiz\", \"min_percent\": 105}",
         {.item = LAB_QUIZ, .score = "104.9"},
         false,
         LOW},
        {"above 100 %: 105",
         "{\"item\": \"Lab safety quiz\", \"min_percent\": 105}",
         {.item = LAB_QUIZ, .score = "105"},
         false,
         MET},
        {"0 % wants a score",
         "{\"item\": \"Lab safety quiz\", \"min_percent\": 0}",
         {.item = LAB_QUIZ},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_GRADED},
        {"0 % is met by 0",
         "{\"item\": \"Lab safety quiz\", \"min_percent\": 0}",
         {.item = LAB_QUIZ, .score = "0"},
         false,
         MET},
        {"66.6 of a third",
         "{\"item\": \"Lab safety quiz\", \"min_percent\": 66.7}",
         {.item = LAB_QUIZ, .score = "2", .maximum = "3"},
         false,
         LOW},
    };
    check_leaves(rows, ARRAY_LEN(rows));
}

#define POINTS_12 "{\"item\": \"Field report\", \"min_points\": 12}"
#define LETTER_B "{\"item\": \"Field report\", \"min_letter\": \"B\"}"

static void badge_decide__compares_points_and_letters(void **state) {
    (void)state;
    static const struct leaf_row rows[] = {
        {"11.999", POINTS_12, {.item = LAB_REPORT, .score = "11.999"}, false, LOW},
        {"12", POINTS_12, {.item = LAB_REPORT, .score = "12"}, false, MET},
        {"12 of nothing",
         "{\"item\": \"Survey\", \"min_points\": 1}",
         {.item = LAB_SURVEY, .score = "1"},
         false,
         MET},
        {"hidden points",
         POINTS_12,
         {.item = LAB_REPORT, .score = "20", .is_hidden = true},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_POSTED},
        {"A+", LETTER_B, {.item = LAB_REPORT, .letter = "A+"}, false, MET},
        {"B", LETTER_B, {.item = LAB_REPORT, .letter = " B "}, false, MET},
        {"B-", LETTER_B, {.item = LAB_REPORT, .letter = "B-"}, false, LOW},
        {"F", LETTER_B, {.item = LAB_REPORT, .letter = "F"}, false, LOW},
        {"b is no letter of the scale",
         LETTER_B,
         {.item = LAB_REPORT, .letter = "b"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_UNKNOWN_LETTER},
        {"hidden letter",
         LETTER_B,
         {.item = LAB_REPORT, .letter = "A", .is_hidden = true},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_POSTED},
        {"score, no letter",
         LETTER_B,
         {.item = LAB_REPORT, .score = "20"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_GRADED},
    };
    check_leaves(rows, ARRAY_LEN(rows));
}

#define JOURNAL "{\"item\": \"Journal\"}"
#define EXAM "{\"item\": \"Exam\"}"
#define LAB1 "{\"item\": \"Lab 1\"}"

static void badge_decide__reads_a_bare_item_by_completion_then_score(void **state) {
    (void)state;
    static const struct leaf_row rows[] = {
        {"complete",
         JOURNAL,
         {.item = LAB_JOURNAL, .completion = MODEL_COMPLETION_COMPLETE},
         false,
         MET},
        {"passed",
         JOURNAL,
         {.item = LAB_JOURNAL, .completion = MODEL_COMPLETION_PASSED},
         false,
         MET},
        {"complete with a fail grade",
         JOURNAL,
         {.item = LAB_JOURNAL, .completion = MODEL_COMPLETION_FAILED, .score = "9"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_PASSED},
        {"incomplete with a score",
         JOURNAL,
         {.item = LAB_JOURNAL, .completion = MODEL_COMPLETION_INCOMPLETE, .score = "9"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_COMPLETE},
        {"completion not said: the score does not stand in",
         JOURNAL,
         {.item = LAB_JOURNAL, .score = "9"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_COMPLETE},
        {"completion counts while the grade is hidden",
         JOURNAL,
         {.item = LAB_JOURNAL, .completion = MODEL_COMPLETION_COMPLETE, .is_hidden = true},
         false,
         MET},
        {"pass mark reached", EXAM, {.item = LAB_EXAM, .score = "25"}, false, MET},
        {"pass mark missed", EXAM, {.item = LAB_EXAM, .score = "24.99"}, false, LOW},
        {"pass mark, hidden",
         EXAM,
         {.item = LAB_EXAM, .score = "50", .is_hidden = true},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_POSTED},
        {"any score above zero", LAB1, {.item = LAB_ONE, .score = "0.01"}, false, MET},
        {"zero", LAB1, {.item = LAB_ONE, .score = "0"}, false, LOW},
        {"negative", LAB1, {.item = LAB_ONE, .score = "-1"}, false, LOW},
        {"ungraded", LAB1, {.item = LAB_ONE}, false, BADGE_NOT_YET, BADGE_WHY_NOT_GRADED},
        {"complete/incomplete grade",
         LAB1,
         {.item = LAB_ONE, .completion = MODEL_COMPLETION_COMPLETE},
         false,
         MET},
        {"complete/incomplete grade, hidden",
         LAB1,
         {.item = LAB_ONE, .completion = MODEL_COMPLETION_COMPLETE, .is_hidden = true},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_POSTED},
        {"graded incomplete, with points",
         LAB1,
         {.item = LAB_ONE, .completion = MODEL_COMPLETION_INCOMPLETE, .score = "5"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_COMPLETE},
        {"excused though complete",
         JOURNAL,
         {.item = LAB_JOURNAL, .completion = MODEL_COMPLETION_COMPLETE, .is_excused = true},
         false,
         BADGE_EXCUSED,
         BADGE_WHY_EXCUSED},
        {"by id",
         "{\"item\": {\"source\": \"moodle\", \"id\": \"41\"}}",
         {.item = LAB_TWIN_B, .score = "1"},
         false,
         MET},
    };
    check_leaves(rows, ARRAY_LEN(rows));
}

static void badge_decide__reads_course_module_and_outcome(void **state) {
    (void)state;
    static const char total[] = "{\"course\": {\"min_percent\": 75}}";
    static const char current[] = "{\"course\": {\"min_percent\": 75, \"total\": \"current\"}}";
    static const char done[] = "{\"course\": \"completed\"}";
    static const char module[] = "{\"module\": \"Week 1\"}";
    static const char outcome[] = "{\"outcome\": \"Safety\"}";
    const struct leaf_row rows[] = {
        {"final 75", total, {.item = LAB_FINAL, .score = "75"}, false, MET},
        {"final 74.9", total, {.item = LAB_FINAL, .score = "74.9"}, false, LOW},
        {"the current total is not the final",
         total,
         {.item = LAB_CURRENT, .score = "99"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NO_FACT},
        {"current", current, {.item = LAB_CURRENT, .score = "75"}, false, MET},
        {"the final total is not the current",
         current,
         {.item = LAB_FINAL, .score = "99"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NO_FACT},
        {"hidden total",
         total,
         {.item = LAB_FINAL, .score = "99", .is_hidden = true},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_POSTED},
        {"letter",
         "{\"course\": {\"min_letter\": \"B\"}}",
         {.item = LAB_FINAL, .letter = "A-"},
         false,
         MET},
        {"completed",
         done,
         {.item = LAB_COMPLETION, .completion = MODEL_COMPLETION_COMPLETE},
         false,
         MET},
        {"completed with a failure",
         done,
         {.item = LAB_COMPLETION, .completion = MODEL_COMPLETION_FAILED},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_PASSED},
        {"course not completed",
         done,
         {.item = LAB_COMPLETION, .completion = MODEL_COMPLETION_INCOMPLETE},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_COMPLETE},
        {"module", module, {.item = LAB_WEEK, .completion = MODEL_COMPLETION_COMPLETE}, false, MET},
        {"module, a score is no completion",
         module,
         {.item = LAB_WEEK, .score = "5"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NOT_COMPLETE},
        {"outcome mastered",
         outcome,
         {.item = LAB_OUTCOME, .completion = MODEL_COMPLETION_PASSED},
         false,
         MET},
        {"outcome by score", outcome, {.item = LAB_OUTCOME, .score = "3"}, false, MET},
        {"outcome below mastery", outcome, {.item = LAB_OUTCOME, .score = "2.9"}, false, LOW},
    };
    check_leaves(rows, ARRAY_LEN(rows));
}

#define BY_DAY "{\"item\": \"Field report\", \"min_points\": 12, \"by\": \"2027-05-01\"}"
#define BY_TIME                                                                                    \
    "{\"item\": \"Field report\", \"min_points\": 12, \"by\": \"2027-05-01T17:00:00+02:00\"}"
#define LATE BADGE_MISSED, BADGE_WHY_LATE

static void badge_decide__holds_by_against_the_submission_then_the_grading(void **state) {
    (void)state;
    static const struct leaf_row rows[] = {
        {"last second of the day",
         BY_DAY,
         {.item = LAB_REPORT, .score = "12", .submitted = "2027-05-01T23:59:59Z"},
         false,
         MET},
        {"midnight is the next day",
         BY_DAY,
         {.item = LAB_REPORT, .score = "12", .submitted = "2027-05-02T00:00:00Z"},
         false,
         LATE},
        {"handed in in time, graded later",
         BY_DAY,
         {.item = LAB_REPORT,
          .score = "12",
          .submitted = "2027-04-30T10:00:00Z",
          .graded = "2027-05-20T10:00:00Z"},
         false,
         MET},
        {"handed in late, graded in time",
         BY_DAY,
         {.item = LAB_REPORT,
          .score = "12",
          .submitted = "2027-05-03T10:00:00Z",
          .graded = "2027-04-20T10:00:00Z"},
         false,
         LATE},
        {"only the grading's time",
         BY_DAY,
         {.item = LAB_REPORT, .score = "12", .graded = "2027-05-02T10:00:00Z"},
         false,
         LATE},
        {"only the completion's time",
         "{\"course\": \"completed\", \"by\": \"2027-05-01\"}",
         {.item = LAB_COMPLETION,
          .completion = MODEL_COMPLETION_COMPLETE,
          .completed = "2027-05-01T12:00:00Z"},
         false,
         MET},
        {"no time at all",
         BY_DAY,
         {.item = LAB_REPORT, .score = "12"},
         false,
         BADGE_NOT_YET,
         BADGE_WHY_NO_TIME},
        {"at the very moment",
         BY_TIME,
         {.item = LAB_REPORT, .score = "12", .submitted = "2027-05-01T15:00:00Z"},
         false,
         MET},
        {"a second later",
         BY_TIME,
         {.item = LAB_REPORT, .score = "12", .submitted = "2027-05-01T15:00:01Z"},
         false,
         LATE},
        {"too low in time",
         BY_DAY,
         {.item = LAB_REPORT, .score = "5", .submitted = "2027-04-01T15:00:00Z"},
         false,
         LOW},
        {"too low and late is late",
         BY_DAY,
         {.item = LAB_REPORT, .score = "5", .submitted = "2027-05-04T15:00:00Z"},
         false,
         LATE},
        {"ungraded and late is late",
         BY_DAY,
         {.item = LAB_REPORT, .submitted = "2027-05-04T15:00:00Z"},
         false,
         LATE},
        {"excused from something late",
         BY_DAY,
         {.item = LAB_REPORT, .is_excused = true, .submitted = "2027-05-04T15:00:00Z"},
         false,
         BADGE_EXCUSED,
         BADGE_WHY_EXCUSED},
        {"nothing yet", BY_DAY, {.item = LAB_REPORT}, true, BADGE_NOT_YET, BADGE_WHY_NO_FACT},
    };
    check_leaves(rows, ARRAY_LEN(rows));
}

/* Days end five hours after UTC's, as in New York in winter. */
static usec_t day_end_west(void *ctx, int y, int m, int d) {
    char text[RFC3339_MAX];
    usec_t t = 0;
    *(int *)ctx += 1;
    (void)snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", y, m, d);
    assert_true(rfc3339_parse(sv_from(text), &t));
    return t + (24 + 5) * INT64_C(3600) * USEC_PER_S;
}

static void badge_decide__ends_a_day_where_the_institution_is(void **state) {
    (void)state;
    int calls = 0;
    AUTO_LAB c;
    lab_open(&c);
    c.catalogue.day_end = day_end_west;
    c.catalogue.day_ctx = &calls;
    assert_true(lab_bind(&c, BY_DAY));
    assert_int_equal(calls, 1);
    struct lab_fact f = {.item = LAB_REPORT, .score = "12", .submitted = "2027-05-02T04:59:59Z"};
    assert_true(lab_decide(&c, &f, 1).is_met);
    f.submitted = "2027-05-02T05:00:00Z";
    assert_false(lab_decide(&c, &f, 1).is_met);
}

static void badge_decide__looks_up_badges_held_and_words_given(void **state) {
    (void)state;
    AUTO_LAB c;
    lab_open(&c);
    assert_true(lab_bind(&c, "{\"all\": [{\"badge\": \"first-steps\", \"by\": \"2027-05-01\"},"
                             "{\"manual\": \"Wears goggles\", \"by\": \"2027-05-01\"}]}"));
    struct badge_held held[] = {{SV("other"), 5},
                                {SV("first-steps"), lab_time("2027-04-01T00:00:00Z")}};
    struct badge_attest words[] = {{SV("Wears goggles"), lab_time("2027-05-09T00:00:00Z")},
                                   {SV("Wears goggles"), lab_time("2027-04-09T00:00:00Z")}};
    struct badge_evidence e = {.badges = held, .badge_count = 2};
    struct badge_verdict v = badge_decide(c.plan, &e, c.results);
    assert_false(v.is_met);
    assert_int_equal(v.results[1].state, BADGE_MET);
    assert_int_equal(v.results[2].state, BADGE_NEEDS_TEACHER);
    assert_int_equal(v.results[0].state, BADGE_NEEDS_TEACHER);
    assert_int_equal(v.steps_left, 1);
    e.attests = words;
    e.attest_count = 2; /* the first of two attestations was in time */
    assert_true(badge_decide(c.plan, &e, c.results).is_met);
    e.attest_count = 1;
    v = badge_decide(c.plan, &e, c.results);
    assert_int_equal(v.results[0].state, BADGE_MISSED);
    assert_int_equal(v.steps_left, BADGE_STEPS_NEVER);
    held[1].issued_at = 0;
    assert_int_equal(badge_decide(c.plan, &e, c.results).results[1].why, BADGE_WHY_NO_TIME);
    e.badge_count = 1;
    assert_int_equal(badge_decide(c.plan, &e, c.results).results[1].why, BADGE_WHY_NOT_HELD);
}

static void badge_decide__ranks_by_the_scale_that_is_passed_in(void **state) {
    (void)state;
    static const struct sv letters[] = {{"Distinction", 11}, {"Merit", 5}, {"Pass", 4}};
    static const struct badge_scale scale = {letters, 3};
    AUTO_LAB c;
    lab_open(&c);
    c.catalogue.scale = &scale;
    assert_true(lab_bind(&c, "{\"item\": \"Exam\", \"min_letter\": \"Merit\"}"));
    struct lab_fact f = {.item = LAB_EXAM, .letter = "Distinction"};
    assert_true(lab_decide(&c, &f, 1).is_met);
    f.letter = "Pass";
    assert_false(lab_decide(&c, &f, 1).is_met);
}

static void badge_may_earn__is_for_learners_active_or_concluded(void **state) {
    (void)state;
    struct model_member m = {.is_learner = true, .is_active = false};
    assert_true(badge_may_earn(&m));
    m.is_teacher = true; /* a teacher who is a learner there */
    assert_true(badge_may_earn(&m));
    m.is_learner = false;
    m.is_active = true;
    assert_false(badge_may_earn(&m));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(badge_decide__holds_the_percent_boundary),
        cmocka_unit_test(badge_decide__compares_points_and_letters),
        cmocka_unit_test(badge_decide__reads_a_bare_item_by_completion_then_score),
        cmocka_unit_test(badge_decide__reads_course_module_and_outcome),
        cmocka_unit_test(badge_decide__holds_by_against_the_submission_then_the_grading),
        cmocka_unit_test(badge_decide__ends_a_day_where_the_institution_is),
        cmocka_unit_test(badge_decide__looks_up_badges_held_and_words_given),
        cmocka_unit_test(badge_decide__ranks_by_the_scale_that_is_passed_in),
        cmocka_unit_test(badge_may_earn__is_for_learners_active_or_concluded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
