/* Reading a Moodle course. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "moodle_site.h"

#define SHOWN "\"gradehiddenbydate\":false,\"gradeishidden\":false"

static bool misses(const struct bench *b, const char *what) {
    return memmem(b->reading.missing.ptr, b->reading.missing.len, what, strlen(what)) != NULL;
}

static void moodle__reads_a_course_whole(void **state) {
    struct bench *b = *state;
    must_read(b);
    const struct grades_reading *r = &b->reading;
    assert_int_equal(r->member_count, 2);
    assert_true(r->members[0].is_teacher && !r->members[0].is_learner);
    assert_true(r->members[1].is_learner && r->members[1].is_active);
    assert_true(sv_eq(r->members[1].person_ref, SV("4")) && sv_eq(r->members[1].sub, SV("4")));
    assert_true(sv_eq(r->members[1].sourcedid, SV("S01")));
    const struct model_item *assign = item_of(b, MODEL_ITEM_ACTIVITY, "1");
    assert_true(sv_eq(assign->title, SV("Q&A 1")));
    assert_true(assign->has_completion && assign->has_maximum);
    assert_dec(assign->maximum, "100");
    assert_false(item_of(b, MODEL_ITEM_ACTIVITY, "17")->has_completion);
    assert_null(item_of(b, MODEL_ITEM_ACTIVITY, "30")); /* a label says nothing about anybody */
    const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1");
    assert_true(f->has_score && f->is_posted);
    assert_dec(f->score, "62");
    assert_true(f->graded_at == INT64_C(1795452329) * USEC_PER_S);
    assert_int_equal(f->completion, MODEL_COMPLETION_PASSED);
    assert_true(f->completed_at == INT64_C(1795452329) * USEC_PER_S);
    f = fact_of(b, "4", MODEL_ITEM_COURSE_FINAL, "");
    assert_dec(f->score, "69.5");
    assert_dec(item_of(b, MODEL_ITEM_COURSE_FINAL, "")->maximum, "270");
    f = fact_of(b, "4", MODEL_ITEM_COURSE_COMPLETION, "");
    assert_int_equal(f->completion, MODEL_COMPLETION_COMPLETE);
    assert_true(f->completed_at == INT64_C(1795452329) * USEC_PER_S);
    assert_int_equal(r->can, GRADES_CAN_MEMBERS | GRADES_CAN_SCORES | GRADES_CAN_COMPLETION |
                                 GRADES_CAN_COURSE_COMPLETION | GRADES_CAN_COURSE_TOTAL |
                                 GRADES_CAN_TITLES);
    assert_true(r->is_complete && r->missing.len == 0);
    assert_int_equal(r->requests, 7);
    assert_true(r->bytes > 1000 && r->read_at == b->now);
    assert_true(sv_eq(r->course_ref, SV("2")) && !r->is_over && !r->keeps_items);
    assert_true(r->ends_at == INT64_C(1795900000) * USEC_PER_S);
}

static void moodle__asks_as_the_web_service_wants(void **state) {
    struct bench *b = *state;
    must_read(b);
    assert_string_equal(b->moodle.last_url,
                        "https://lms.example/moodle/webservice/rest/server.php");
    for (size_t i = 0; i < b->moodle.calls; i++) {
        struct sv form = sv_from(b->moodle.forms[i]);
        assert_true(sv_eq(field_of(form, SV("wstoken")), SV("abc%2Bsecret")));
        assert_true(sv_eq(field_of(form, SV("moodlewsrestformat")), SV("json")));
        bool is_of_course = !sv_eq(field_of(form, SV("wsfunction")), SV(MARKED)) &&
                            !sv_eq(field_of(form, SV("wsfunction")), SV(INFO));
        assert_true(!is_of_course || sv_eq(field_of(form, SV("courseid")), SV("2")));
    }
    assert_true(sv_eq(field_of(sv_from(b->moodle.forms[4]), SV("userid")), SV("0")));
}

/* attacks.md F15 */
static void moodle__marks_hidden_grades_as_not_posted(void **state) {
    struct bench *b = *state;
    reply_with(b, GRADES, 0,
               "{\"usergrades\":[" GRADES_OF(
                   "4", GRADE_ROW("2", "assign", "1", "62", "false") "," GRADE_ROW(
                            "3", "quiz", "17", "7.5", "true") "," TOTAL_ROW("69.5")) "]}");
    must_read(b);
    const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "17");
    assert_true(f->has_score && !f->is_posted);
    /* who is told hidden grades is told totals that count them, which learners do not see */
    f = fact_of(b, "4", MODEL_ITEM_COURSE_FINAL, "");
    assert_true(f->has_score && !f->is_posted);
    assert_false(fact_of(b, "4", MODEL_ITEM_COURSE_CURRENT, "")->is_posted);
    assert_true(misses(b, "moodle/grade:viewhidden"));
    reply_with(b, GRADES, 0,
               "{\"usergrades\":[" GRADES_OF(
                   "4", GRADE_ROW("2", "assign", "1", "62", "false") "," GRADE_ROW(
                            "3", "quiz", "17", "null", "true") "," TOTAL_ROW("62")) "]}");
    must_read(b);
    assert_true(fact_of(b, "4", MODEL_ITEM_COURSE_CURRENT, "")->is_posted);
    assert_int_equal(b->reading.missing.len, 0);
}

/* What came of a pass mark shows as an icon only; 20 of 100 is above zero, and failed. */
static void moodle__knows_by_its_icon_whether_a_grade_passes(void **state) {
    static const struct {
        const char *formatted;
        enum model_completion completion;
    } rows[] = {
        {"<i class=\\\"icon fa fa-check text-success fa-fw inline\\\" title=\\\"Pass\\\"></i>62.00",
         MODEL_COMPLETION_PASSED},
        {"<i class=\\\"icon fa fa-times text-danger fa-fw \\\"></i>62.00", MODEL_COMPLETION_FAILED},
        {"<i class=\\\"icon fa fa-xmark fa-fw\\\"></i>62.00", MODEL_COMPLETION_FAILED},
        {"<img class=\\\"icon\\\" src=\\\"https://m/theme/image.php/_s/x/core/1/i/invalid\\\" "
         "/>62,00",
         MODEL_COMPLETION_FAILED},
        {"<img class=\\\"icon\\\" src=\\\"https://m/theme/image.php/_s/x/core/1/i/valid\\\" "
         "/>62,00",
         MODEL_COMPLETION_PASSED},
        {"62.00", MODEL_COMPLETION_UNKNOWN},
        {"62.00<i class=\\\"icon fa fa-check\\\" title=\\\"Overridden\\\"></i>",
         MODEL_COMPLETION_UNKNOWN},
        {"<div>fa-check</div>62.00", MODEL_COMPLETION_UNKNOWN},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int kept = 0; kept < 2; kept++) { /* 1: where Moodle keeps completion, that counts */
            reply_with(
                b, GRADES, 0,
                arena_printf(&b->arena,
                             "{\"usergrades\":[{\"userid\":4,\"gradeitems\":[{\"id\":2,"
                             "\"itemtype\":\"mod\",\"cmid\":%d,\"graderaw\":62,\"grademax\":100,"
                             "\"gradeformatted\":\"%s\"," SHOWN "}]}]}",
                             kept ? 1 : 17, rows[i].formatted));
            reply_with(b, ACTIVITIES, 0, "{\"statuses\":[" STATUS("1", "0") "]}");
            must_read(b);
            const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, kept ? "1" : "17");
            if (f->completion != (kept ? MODEL_COMPLETION_INCOMPLETE : rows[i].completion)) {
                fail_msg("%s: %d", rows[i].formatted, (int)f->completion);
            }
        }
    }
}

static void moodle__takes_letters_as_the_gradebook_shows_them(void **state) {
    static const struct {
        const char *fields, *letter;
    } rows[] = {
        {"\"lettergradeformatted\":\"A\",\"gradeformatted\":\"62.00\",", "A"},
        {"\"gradeformatted\":\"B+\",", "B+"},
        {"\"gradeformatted\":\"<i class=\\\"icon fa-check\\\"></i>B+ (88.00 %)\",", "B+"},
        {"\"gradeformatted\":\"88,00 (<b>B+\",", ""},
        {"\"gradeformatted\":\"88,00 (B&amp;C)\",", "B&C"},
        {"\"gradeformatted\":\"Sobresaliente\",", "Sobresaliente"},
        {"\"gradeformatted\":\"62.00\",", ""},
        {"\"gradeformatted\":\"62.00 %\",", ""},
        {"\"gradeformatted\":\"62.00 (62.00 %)\",", ""},
        {"\"gradeformatted\":\"-\",", ""},
        {"\"gradeformatted\":\"<i\",", ""},
        {"\"gradeformatted\":7,", ""},
        {"\"lettergradeformatted\":\"<b>A</b>\",\"gradeformatted\":\"B\",", ""},
        {"\"gradeformatted\":\"Very good\",\"grademin\":1,\"rangeformatted\":\"Poor&ndash;Very "
         "good\",",
         ""},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_with(
            b, GRADES, 0,
            arena_printf(&b->arena,
                         "{\"usergrades\":[{\"userid\":4,\"gradeitems\":[{\"id\":2,\"itemtype\":"
                         "\"mod\",\"cmid\":1,\"graderaw\":62,\"grademax\":100,%s" SHOWN "}]}]}",
                         rows[i].fields));
        must_read(b);
        struct sv letter = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1")->letter;
        if (!sv_eq(letter, sv_from(rows[i].letter))) {
            fail_msg("%s: \"%.*s\"", rows[i].fields, SV_ARG(letter));
        }
    }
}

/* An untracked quiz below its pass mark fails nobody's course. */
static void moodle__does_not_take_a_low_grade_for_a_failed_activity(void **state) {
    struct bench *b = *state;
    reply_with(
        b, GRADES, 0,
        "{\"usergrades\":[{\"userid\":4,\"gradeitems\":[{\"id\":2,\"itemtype\":\"mod\",\"cmid\":17,"
        "\"graderaw\":6,\"grademax\":100,\"gradeformatted\":\"<i "
        "class=\\\"fa-times\\\"></i>6\"," SHOWN "}]}]}");
    reply_with(b, COURSE, 0, COMPLETION("true", "1", ""));
    must_read(b);
    assert_int_equal(fact_of(b, "4", MODEL_ITEM_COURSE_COMPLETION, "")->completion,
                     MODEL_COMPLETION_COMPLETE);
}

/* An activity with a restriction is listed, and its completion is not told. */
static void moodle__says_that_activities_are_closed_to_the_account(void **state) {
    static const struct {
        const char *visible;
        int completion;
        bool is_said;
    } rows[] = {{"true", 2, false}, {"false", 2, true}, {"0", 1, true}, {"false", 0, false}};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_with(
            b, CONTENTS, 0,
            arena_printf(&b->arena,
                         "[{\"modules\":[{\"id\":1,\"name\":\"A\",\"instance\":1,\"modname\":"
                         "\"assign\",\"uservisible\":%s,\"completion\":%d}]}]",
                         rows[i].visible, rows[i].completion));
        reply_with(b, ACTIVITIES, 0, "{\"statuses\":[]}");
        must_read(b);
        assert_int_equal(misses(b, "ignoreavailabilityrestrictions"), rows[i].is_said);
        assert_int_equal(fact_of(b, "4", MODEL_ITEM_COURSE_COMPLETION, "")->completion,
                         MODEL_COMPLETION_UNKNOWN);
    }
}

#define COLUMN(id, raw, max, more)                                                                 \
    "{\"id\":" id ",\"itemtype\":\"manual\",\"itemname\":\"C" id "\",\"graderaw\":" raw            \
    ",\"grademax\":" max "," more SHOWN "},"
#define TOTAL(raw, max)                                                                            \
    "{\"id\":1,\"itemtype\":\"course\",\"graderaw\":" raw ",\"grademin\":0,\"grademax\":" max      \
    ",\"lettergradeformatted\":\"A\"," SHOWN "}"
#define EMPTY "\"status\":\"novalue\",\"weightraw\":0,"
#define USED "\"weightraw\":0.5,"
#define IN(category) "\"categoryid\":" category ","
#define CATEGORY(id, raw, max)                                                                     \
    "{\"id\":9" id ",\"itemtype\":\"category\",\"iteminstance\":" id ",\"graderaw\":" raw          \
    ",\"grademax\":" max "," SHOWN "},"

/* Moodle's total is by default one of what is graded so far, out of as much: 90 of 100 is what
 * somebody has who is missing two thirds of the work. */
static void moodle__counts_what_is_missing_in_the_final_total(void **state) {
    static const struct {
        const char *name, *rows;
        const char *current, *current_max;
        const char *final, *final_max; /* NULL: not told */
    } cases[] = {
        {"nothing missing",
         COLUMN("2", "90", "100", USED) COLUMN("3", "45", "50", USED) TOTAL("135", "150"), "135",
         "150", "135", "150"},
        {"sum, some missing",
         COLUMN("2", "60", "80", USED) COLUMN("5", "30", "40", USED)
             COLUMN("3", "null", "80", EMPTY) COLUMN("4", "null", "100", EMPTY) TOTAL("90", "120"),
         "90", "120", "90", "300"},
        {"sum, weights not shown",
         COLUMN("2", "60", "80", "") COLUMN("5", "30", "40", "") COLUMN("3", "null", "180", "")
             TOTAL("90", "120"),
         "90", "120", "90", "300"},
        {"one graded: perhaps a mean, in which the others weigh nine times as much",
         COLUMN("2", "18", "20", USED) COLUMN("3", "null", "20", EMPTY) TOTAL("18", "20"), "18",
         "20", NULL, NULL},
        {"one graded, beside extra credit",
         COLUMN("2", "16", "20", USED) COLUMN("4", "2", "5", "\"status\":\"extra\",")
             COLUMN("3", "null", "20", EMPTY) TOTAL("18", "20"),
         "18", "20", NULL, NULL},
        {"sum that counts what is missing, weights not shown",
         COLUMN("2", "90", "100", "") COLUMN("3", "null", "200", "") TOTAL("90", "300"), "90",
         "300", "90", "300"},
        {"in a category of its own, of which nothing is graded",
         COLUMN("2", "60", "80", USED) COLUMN("5", "30", "40", USED)
             COLUMN("3", "null", "60", IN("7")) CATEGORY("7", "null", "60") TOTAL("90", "120"),
         "90", "120", "90", "180"},
        {"and that counts for more than its columns",
         CATEGORY("7", "null", "100") COLUMN("3", "null", "10", IN("7"))
             COLUMN("4", "null", "10", IN("7")) COLUMN("2", "60", "80", USED)
                 COLUMN("5", "30", "40", USED) TOTAL("90", "120"),
         "90", "120", "90", "220"},
        {"sums in a sum",
         COLUMN("2", "30", "40", IN("7")) COLUMN("3", "20", "20", IN("7"))
             COLUMN("4", "null", "30", IN("7")) CATEGORY("7", "50", "60")
                 COLUMN("5", "40", "50", IN("1")) TOTAL("90", "110"),
         "90", "110", "90", "140"},
        {"means in a sum, which look like sums together",
         COLUMN("2", "90", "100", IN("7")) COLUMN("3", "null", "10", IN("7"))
             CATEGORY("7", "90", "100") COLUMN("4", "80", "100", IN("8"))
                 COLUMN("5", "null", "10", IN("8")) CATEGORY("8", "80", "100") TOTAL("170", "200"),
         "170", "200", NULL, NULL},
        {"categories in categories",
         COLUMN("2", "30", "40", IN("7")) COLUMN("3", "20", "20", IN("7"))
             COLUMN("4", "null", "30", IN("8")) CATEGORY("8", "null", "30")
                 CATEGORY("7", "50", "60") TOTAL("50", "60"),
         "50", "60", NULL, NULL},
        {"categories in categories, nothing missing",
         COLUMN("2", "30", "40", IN("8")) CATEGORY("8", "30", "40") CATEGORY("7", "30", "40")
             TOTAL("30", "40"),
         "30", "40", "30", "40"},
        {"counted as zero by Moodle",
         COLUMN("2", "90", "100", USED) COLUMN("3", "null", "100", USED) TOTAL("45", "100"), "45",
         "100", "45", "100"},
        {"a mean, some missing",
         COLUMN("2", "45", "50", USED) COLUMN("3", "null", "50", EMPTY) TOTAL("90", "100"), "90",
         "100", NULL, NULL},
        {"perhaps a mean, in which 10 points may be half",
         COLUMN("2", "90", "100", USED) COLUMN("3", "null", "10", EMPTY) TOTAL("90", "100"), "90",
         "100", NULL, NULL},
        {"a mean of everything",
         COLUMN("2", "45", "50", USED) COLUMN("3", "9", "10", USED) TOTAL("90", "100"), "90", "100",
         "90", "100"},
        {"extra credit",
         COLUMN("2", "60", "80", USED) COLUMN("5", "30", "40", USED)
             COLUMN("3", "5", "10", "\"status\":\"extra\",") COLUMN("4", "null", "80", EMPTY)
                 TOTAL("95", "120"),
         "95", "120", "95", "200"},
        {"the lowest dropped",
         COLUMN("2", "60", "80", USED) COLUMN("5", "30", "40", USED)
             COLUMN("3", "5", "100", "\"status\":\"dropped\",") COLUMN("4", "null", "80", EMPTY)
                 TOTAL("90", "120"),
         "90", "120", "90", "200"},
        {"excused of one",
         COLUMN("2", "90", "100", USED) COLUMN("3", "null", "100", "\"status\":\"excluded\",")
             TOTAL("90", "100"),
         "90", "100", "90", "100"},
        {"a column for words",
         COLUMN("2", "90", "100", USED)
             COLUMN("3", "null", "100", "\"rangeformatted\":\"&ndash;\",") TOTAL("90", "100"),
         "90", "100", "90", "100"},
        {"Laurel's own column",
         COLUMN("2", "90", "100", USED) COLUMN("77", "null", "1", EMPTY) TOTAL("90", "100"), "90",
         "100", "90", "100"},
        {"five decimals",
         COLUMN("2", "66.66667", "100", USED) COLUMN("3", "33.33333", "100", USED)
             COLUMN("4", "null", "100", EMPTY) TOTAL("99.99999", "200"),
         "99.99999", "200", "99.99999", "300"},
    };
    static const struct sv own[] = {
        {"https://lms.example/moodle/mod/lti/services.php/2/lineitems/77/lineitem?type_id=1", 80}};
    struct bench *b = *state;
    b->course.own = own;
    b->course.own_count = 1;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        reply_with(
            b, GRADES, 0,
            arena_printf(
                &b->arena, "{\"usergrades\":[{\"userid\":4,\"maxdepth\":%s,\"gradeitems\":[%s]}]}",
                strncmp(cases[i].name, "categories in", 13) == 0 ? "4" : "3", cases[i].rows));
        must_read(b);
        const struct model_fact *current = fact_of(b, "4", MODEL_ITEM_COURSE_CURRENT, "");
        const struct model_fact *final = fact_of(b, "4", MODEL_ITEM_COURSE_FINAL, "");
        assert_true(current->is_posted && current->has_maximum);
        assert_dec(current->score, cases[i].current);
        assert_dec(current->maximum, cases[i].current_max);
        assert_true(sv_eq(current->letter, SV("A")));
        bool is_wanted = cases[i].final != NULL;
        if ((final != NULL) != is_wanted) {
            fail_msg("%s", cases[i].name);
        }
        if (final != NULL && is_wanted) {
            assert_dec(final->score, cases[i].final);
            assert_dec(final->maximum, cases[i].final_max);
            bool is_as_moodle_says = strcmp(cases[i].final_max, cases[i].current_max) == 0;
            assert_int_equal(final->letter.len > 0, is_as_moodle_says);
        }
    }
}

/* Two people, out of different maxima: nobody is measured by the other's. */
static void moodle__measures_each_total_by_its_own_maximum(void **state) {
    struct bench *b = *state;
    reply_with(
        b, PEOPLE, 0,
        "[{\"id\":4,\"roles\":[{\"shortname\":\"student\"}]},{\"id\":5,\"roles\":[{\"shortname\":"
        "\"student\"}]}]");
    reply_with(b, GRADES, 0,
               "{\"usergrades\":[{\"userid\":4,\"gradeitems\":[" COLUMN("2", "70", "120", USED)
                   COLUMN("3", "70", "80", USED)
                       TOTAL("140", "200") "]},{\"userid\":5,\"gradeitems\":[" COLUMN(
                           "2", "60", "70", USED) COLUMN("4", "30", "50", USED)
                           COLUMN("3", "null", "80", EMPTY) TOTAL("90", "120") "]}]}");
    must_read(b);
    assert_dec(fact_of(b, "4", MODEL_ITEM_COURSE_FINAL, "")->maximum, "200");
    assert_dec(fact_of(b, "5", MODEL_ITEM_COURSE_FINAL, "")->maximum, "200");
    assert_dec(fact_of(b, "5", MODEL_ITEM_COURSE_CURRENT, "")->maximum, "120");
    assert_dec(item_of(b, MODEL_ITEM_COURSE_FINAL, "")->maximum, "200");
}

/* A report set not to show grades has no "graderaw" at all: that is not "not graded". */
static void moodle__keeps_grades_that_the_report_no_longer_shows(void **state) {
    struct bench *b = *state;
    reply_with(
        b, GRADES, 0,
        "{\"usergrades\":[{\"userid\":4,\"gradeitems\":[{\"id\":2,\"itemtype\":\"mod\",\"cmid\":1,"
        "\"grademax\":100},{\"id\":1,\"itemtype\":\"course\",\"grademax\":270}]}]}");
    must_read(b);
    assert_true(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1")->is_kept);
    assert_true(fact_of(b, "4", MODEL_ITEM_COURSE_FINAL, "")->is_kept);
    assert_true(fact_of(b, "4", MODEL_ITEM_COURSE_CURRENT, "")->is_kept);
    assert_int_equal(b->reading.can & GRADES_CAN_SCORES, 0);
    assert_false(b->reading.is_complete);
    assert_true(misses(b, "Show grades"));
}

static void moodle__keeps_maxima_that_the_report_no_longer_shows(void **state) {
    struct bench *b = *state;
    reply_with(
        b, GRADES, 0,
        "{\"usergrades\":[{\"userid\":4,\"gradeitems\":[{\"id\":2,\"itemtype\":\"mod\",\"cmid\":1,"
        "\"graderaw\":5," SHOWN "}]}]}");
    must_read(b);
    assert_false(item_of(b, MODEL_ITEM_ACTIVITY, "1")->has_maximum);
    assert_true(b->reading.keeps_items && misses(b, "Show ranges"));
}

static void moodle__reads_ungraded_and_odd_rows(void **state) {
    struct bench *b = *state;
    reply_with(
        b, GRADES, 0,
        "{\"usergrades\":[" GRADES_OF(
            "4",
            GRADE_ROW("2", "assign", "1", "null", "false") "," TOTAL_ROW(
                "null") ","
                        "{\"id\":40,\"itemtype\":\"category\",\"graderaw\":5,\"grademax\":10},"
                        "{\"id\":41,\"itemtype\":\"mod\",\"itemmodule\":\"quiz\",\"iteminstance\":"
                        "5,"
                        "\"itemnumber\":0,\"graderaw\":4,\"grademax\":10,\"gradeishidden\":false,"
                        "\"gradehiddenbydate\":false},"
                        "{\"id\":42,\"itemtype\":\"mod\",\"itemmodule\":\"workshop\","
                        "\"itemnumber\":1,\"cmid\":1,"
                        "\"itemname\":\"Peer "
                        "part\",\"graderaw\":3,\"grademax\":5,\"gradeishidden\":false,"
                        "\"gradehiddenbydate\":true},"
                        "{\"id\":43,\"itemtype\":\"manual\",\"itemname\":\"Extra\",\"itemnumber\":"
                        "null,"
                        "\"graderaw\":1,\"grademax\":\"2.00000\"},"
                        "{\"id\":44,\"itemtype\":\"manual\",\"graderaw\":1,\"gradeishidden\":false}"
                        ","
                        "{\"id\":45,\"itemtype\":\"manual\",\"graderaw\":1,\"gradehiddenbydate\":"
                        "false}") "]}");
    must_read(b);
    const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1");
    assert_false(f->has_score); /* there for its completion only */
    assert_null(fact_of(b, "4", MODEL_ITEM_COURSE_FINAL, ""));
    f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "17"); /* found by kind and instance */
    assert_dec(f->score, "4");
    f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:42");
    assert_true(f->has_score && !f->is_posted);
    /* no word, or half a word, on whether it is shown */
    assert_false(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:43")->is_posted);
    assert_false(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:44")->is_posted);
    assert_false(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:45")->is_posted);
    assert_dec(item_of(b, MODEL_ITEM_ACTIVITY, "grade:43")->maximum, "2");
    assert_null(item_of(b, MODEL_ITEM_ACTIVITY, "grade:40"));
}

static void moodle__maps_completion_states(void **state) {
    static const struct {
        const char *status;
        enum model_completion completion;
        bool has_time;
    } rows[] = {{STATUS("1", "0"), MODEL_COMPLETION_INCOMPLETE, false},
                {STATUS("1", "1"), MODEL_COMPLETION_COMPLETE, true},
                {STATUS("1", "2"), MODEL_COMPLETION_PASSED, true},
                {STATUS("1", "3"), MODEL_COMPLETION_FAILED, true},
                {STATUS("1", "4"), MODEL_COMPLETION_FAILED, true}, /* with a hidden grade */
                {STATUS("1", "\"2\""), MODEL_COMPLETION_PASSED, true}};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_with(b, ACTIVITIES, 0,
                   arena_printf(&b->arena, "{\"statuses\":[%s]}", rows[i].status));
        must_read(b);
        const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "1");
        if (f->completion != rows[i].completion || (f->completed_at != 0) != rows[i].has_time) {
            fail_msg("%s: %d", rows[i].status, (int)f->completion);
        }
    }
}

/* 4.1 marks the course complete with a failed activity (moodle.md 7, "Failing students"). */
static void moodle__does_not_believe_the_completed_flag(void **state) {
    static const struct {
        const char *name, *statuses, *course;
        enum model_completion completion;
    } rows[] = {
        {"passed", STATUS("1", "2"), COMPLETION("true", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_COMPLETE},
        {"complete", STATUS("1", "1"), COMPLETION("true", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_COMPLETE},
        {"not flagged", STATUS("1", "2"), COMPLETION("false", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_INCOMPLETE},
        {"failed", STATUS("1", "3"), COMPLETION("true", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_FAILED},
        {"second failed", STATUS("1", "2") "," STATUS("17", "3"),
         COMPLETION("true", "1", CRITERION("1", "true") "," CRITERION("17", "true")),
         MODEL_COMPLETION_FAILED},
        {"not required one failed", STATUS("1", "2") "," STATUS("17", "3"),
         COMPLETION("true", "1", CRITERION("1", "true")), MODEL_COMPLETION_COMPLETE},
        {"undone since", STATUS("1", "0"), COMPLETION("true", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_INCOMPLETE},
        {"state not listed", STATUS("17", "2"), COMPLETION("true", "1", CRITERION("1", "true")),
         MODEL_COMPLETION_UNKNOWN},
        {"any of two", STATUS("1", "2") "," STATUS("17", "0"),
         COMPLETION("true", "2", CRITERION("1", "true") "," CRITERION("17", "false")),
         MODEL_COMPLETION_COMPLETE},
        {"any of two, the one failed", STATUS("1", "3") "," STATUS("17", "0"),
         COMPLETION("true", "2", CRITERION("1", "true") "," CRITERION("17", "false")),
         MODEL_COMPLETION_FAILED},
        {"criteria without link, one failed", STATUS("1", "3"),
         COMPLETION("true", "1", "{\"type\":4,\"complete\":true,\"details\":{\"criteria\":\"A\"}}"),
         MODEL_COMPLETION_FAILED},
        {"criteria without link, none failed", STATUS("1", "2"),
         COMPLETION("true", "1", "{\"type\":4,\"complete\":true,\"details\":{\"criteria\":\"A\"}}"),
         MODEL_COMPLETION_COMPLETE},
        {"no criteria shown, one failed", STATUS("1", "3"), COMPLETION("true", "1", ""),
         MODEL_COMPLETION_FAILED},
        {"grade criterion not met", STATUS("1", "2"),
         COMPLETION("true", "1", "{\"type\":6,\"complete\":false}"), MODEL_COMPLETION_INCOMPLETE},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_with(b, ACTIVITIES, 0,
                   arena_printf(&b->arena, "{\"statuses\":[%s]}", rows[i].statuses));
        reply_with(b, COURSE, 0, rows[i].course);
        must_read(b);
        const struct model_fact *f = fact_of(b, "4", MODEL_ITEM_COURSE_COMPLETION, "");
        if (f == NULL || f->completion != rows[i].completion) {
            fail_msg("%s: %d", rows[i].name, f == NULL ? -1 : (int)f->completion);
        }
    }
}

static void moodle__decides_by_role_who_learns(void **state) {
    static const struct {
        const char *roles;
        bool is_learner, is_teacher;
    } rows[] = {
        {"{\"shortname\":\"student\"}", true, false},
        {"{\"shortname\":\"apprentice\"}", true, false},
        {"{\"shortname\":\"teacher\"}", false, true},
        {"{\"shortname\":\"editingteacher\"}", false, true},
        {"{\"shortname\":\"manager\"}", false, true},
        {"{\"shortname\":\"coursecreator\"}", false, true},
        {"{\"shortname\":\"student\"},{\"shortname\":\"teacher\"}", true, true},
        {"{\"shortname\":\"guest\"}", false, false},
        {"{\"shortname\":7}", false, false},
        {"", false, false},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_with(b, PEOPLE, 0,
                   arena_printf(&b->arena, "[{\"id\":4,\"roles\":[%s]}]", rows[i].roles));
        must_read(b);
        const struct model_member *m = &b->reading.members[0];
        if (m->is_learner != rows[i].is_learner || m->is_teacher != rows[i].is_teacher) {
            fail_msg("%s", rows[i].roles);
        }
        if (!m->is_learner) {
            assert_int_equal(b->reading.fact_count, 0); /* grades of staff are not kept */
        }
    }
}

/* The lowest grade of a scale is 1 of n: it is nothing, not 1/n of everything. */
static void moodle__counts_a_scale_from_its_lowest_grade(void **state) {
    struct bench *b = *state;
    reply_with(
        b, GRADES, 0,
        "{\"usergrades\":[" GRADES_OF(
            "4",
            "{\"id\":50,\"itemtype\":\"manual\",\"scaleid\":2,\"graderaw\":1,"
            "\"grademin\":1,\"grademax\":2," SHOWN "},"
            "{\"id\":51,\"itemtype\":\"manual\",\"scaleid\":\"2\",\"graderaw\":\"3\","
            "\"grademin\":\"1.00\",\"grademax\":\"3\"," SHOWN "},"
            "{\"id\":52,\"itemtype\":\"manual\",\"scaleid\":null,\"graderaw\":7,"
            "\"grademin\":1,\"grademax\":10,\"rangeformatted\":\"1,00&ndash;10,00\"," SHOWN "},"
            /* as 4.1 to 4.5 send it: the scale's id is never told */
            "{\"id\":54,\"itemtype\":\"manual\",\"scaleid\":null,\"graderaw\":1,\"grademin\":1,"
            "\"grademax\":2,\"rangeformatted\":\"Not yet competent&ndash;Competent\"," SHOWN "},"
            "{\"id\":55,\"itemtype\":\"manual\",\"scaleid\":null,\"graderaw\":2,\"grademin\":1,"
            "\"grademax\":2,\"rangeformatted\":\"\u041d\u0435\u0442&ndash;\u0414\u0430\"," SHOWN
            "},"
            /* words that look like numbers, and signs that are no letters */
            "{\"id\":56,\"itemtype\":\"manual\",\"graderaw\":1,\"grademin\":1,"
            "\"grademax\":4,\"rangeformatted\":\"0&ndash;3\"," SHOWN "},"
            "{\"id\":57,\"itemtype\":\"manual\",\"graderaw\":1,\"grademin\":1,"
            "\"grademax\":3,\"rangeformatted\":\"\u2606&ndash;\u2605\"," SHOWN "},"
            /* numbers all the same, rounded */
            "{\"id\":58,\"itemtype\":\"manual\",\"graderaw\":7.25,\"grademin\":0.5,"
            "\"grademax\":7.5,\"rangeformatted\":\"1&ndash;8\"," SHOWN "},"
            "{\"id\":53,\"itemtype\":\"manual\",\"scaleid\":4,\"graderaw\":1,"
            "\"grademin\":1,\"grademax\":1," SHOWN "}") "]}");
    must_read(b);
    assert_dec(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:50")->score, "0");
    assert_dec(item_of(b, MODEL_ITEM_ACTIVITY, "grade:50")->maximum, "1");
    assert_dec(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:51")->score, "2");
    assert_dec(item_of(b, MODEL_ITEM_ACTIVITY, "grade:51")->maximum, "2");
    assert_dec(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:52")->score, "7");
    assert_dec(item_of(b, MODEL_ITEM_ACTIVITY, "grade:52")->maximum, "10");
    assert_dec(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:54")->score, "0");
    assert_dec(item_of(b, MODEL_ITEM_ACTIVITY, "grade:54")->maximum, "1");
    assert_dec(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:55")->score, "1");
    assert_dec(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:56")->score, "0");
    assert_dec(item_of(b, MODEL_ITEM_ACTIVITY, "grade:56")->maximum, "3");
    assert_dec(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:57")->score, "0");
    assert_dec(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:58")->score, "7.25");
    assert_false(item_of(b, MODEL_ITEM_ACTIVITY, "grade:53")->has_maximum); /* of nothing */
}

/* What Moodle has yet to work out anew is neither news nor gone; they are read again. */
static void moodle__keeps_what_it_knew_while_a_grade_needs_an_update(void **state) {
    struct bench *b = *state;
    reply_with(b, GRADES, 0,
               "{\"usergrades\":[" GRADES_OF(
                   "4", "{\"id\":1,\"itemtype\":\"course\",\"graderaw\":null,\"grademax\":100,"
                        "\"gradeneedsupdate\":true," SHOWN "},"
                        "{\"id\":51,\"itemtype\":\"manual\",\"graderaw\":null,\"grademax\":100,"
                        "\"gradeneedsupdate\":true," SHOWN "},"
                        "{\"id\":52,\"itemtype\":\"manual\",\"graderaw\":80,\"gradeisoverridden\":"
                        "true,\"gradeneedsupdate\":false,\"grademax\":100," SHOWN "}") "]}");
    must_read(b);
    assert_true(fact_of(b, "4", MODEL_ITEM_COURSE_FINAL, "")->is_kept);
    assert_true(fact_of(b, "4", MODEL_ITEM_COURSE_CURRENT, "")->is_kept);
    assert_true(fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:51")->is_kept);
    assert_true(misses(b, "calculations that show an error"));
    const struct model_fact *overridden = fact_of(b, "4", MODEL_ITEM_ACTIVITY, "grade:52");
    assert_true(overridden->is_posted && !overridden->is_kept);
    assert_dec(overridden->score, "80");
    assert_true(sv_starts(b->reading.members[1].mark, SV("m2 f-")));
}

#define MODULE(id, kind, dates)                                                                    \
    "{\"id\":" id ",\"name\":\"M\",\"instance\":" id ",\"modname\":\"" kind                        \
    "\",\"completion\":2,\"dates\":[" dates "]}"

static void moodle__takes_due_dates_by_their_names_not_their_labels(void **state) {
    struct bench *b = *state;
    reply_with(
        b, CONTENTS, 0,
        "[{\"modules\":[" MODULE(
            "1", "assign",
            "{\"label\":\"Ouvert\",\"timestamp\":1795000000,\"dataid\":"
            "\"allowsubmissionsfromdate\"},{\"label\":\"A rendre\",\"timestamp\":"
            "1795600000,\"dataid\":\"duedate\"}") "," MODULE("17", "quiz",
                                                             "{\"label\":\"Closes:\",\"timestamp\":"
                                                             "\"1795700000\","
                                                             "\"dataid\":\"timeclose\"}") "," MODULE("18",
                                                                                                     "assign",
                                                                                                     "{\"label\":\"Due\",\"timestamp\":1795700000,\"dataid\":"
                                                                                                     "\"duedate\",\"relativeto\":1794000000}") "," MODULE("19",
                                                                                                                                                          "quiz",
                                                                                                                                                          "") "]}]");
    must_read(b);
    assert_true(item_of(b, MODEL_ITEM_ACTIVITY, "1")->due_at == INT64_C(1795600000) * USEC_PER_S);
    assert_true(item_of(b, MODEL_ITEM_ACTIVITY, "17")->due_at == INT64_C(1795700000) * USEC_PER_S);
    assert_true(item_of(b, MODEL_ITEM_ACTIVITY, "18")->due_at == 0); /* of one's own beginning */
    assert_true(item_of(b, MODEL_ITEM_ACTIVITY, "19")->due_at == 0);
    for (size_t i = 0; i < b->moodle.calls; i++) { /* nothing left to ask */
        assert_false(
            sv_eq(field_of(sv_from(b->moodle.forms[i]), SV("wsfunction")), SV(ASSIGNMENTS)));
    }
}

/* Older releases say only in the reader's language which date is which. */
static void moodle__asks_for_due_dates_that_the_activities_do_not_name(void **state) {
    struct bench *b = *state;
    reply_with(b, CONTENTS, 0,
               "[{\"modules\":[" MODULE("1", "assign",
                                        "{\"label\":\"Due:\",\"timestamp\":1795600000}") "]}]");
    reply_with(b, ASSIGNMENTS, 0,
               "{\"courses\":[{\"id\":2,\"assignments\":[{\"id\":1,\"cmid\":1,\"name\":\"A\","
               "\"duedate\":1795650000}]}],\"warnings\":[]}");
    must_read(b);
    assert_true(item_of(b, MODEL_ITEM_ACTIVITY, "1")->due_at == INT64_C(1795650000) * USEC_PER_S);
    bool is_asked = false;
    for (size_t i = 0; i < b->moodle.calls; i++) {
        struct sv form = sv_from(b->moodle.forms[i]);
        if (sv_eq(field_of(form, SV("wsfunction")), SV(ASSIGNMENTS))) {
            is_asked = true; /* without the flag an account outside the course gets nothing */
            assert_true(sv_eq(field_of(form, SV("includenotenrolledcourses")), SV("1")));
        }
    }
    assert_true(is_asked);
}

/* A large course: people by pages, grades one by one. */
struct large {
    struct arena arena;
    size_t people, grade_calls, all_calls, pages;
};

static bool answer_large(void *ctx, const struct net_request *q, struct net_response *out,
                         struct arena *a, struct err *err) {
    struct large *l = ctx;
    struct sv function = field_of(q->body, SV("wsfunction"));
    struct sv userid = field_of(q->body, SV("userid"));
    *out = (struct net_response){.status = 200, .body = SV("{\"statuses\":[]}")};
    if (sv_eq(function, SV(INFO))) {
        out->body = SV("{\"courses\":[]}");
    } else if (sv_eq(function, SV(PEOPLE))) {
        int64_t from = 0;
        assert_true(
            num_parse_i64(field_of(q->body, SV("options%5B0%5D%5Bvalue%5D")), 0, 100000, &from));
        struct str s;
        str_init(&s, a, 1 << 20);
        for (size_t i = (size_t)from; i < l->people && i < (size_t)from + 500; i++) {
            str_addf(&s, "%s{\"id\":%zu,\"roles\":[{\"shortname\":\"student\"}]}",
                     i == (size_t)from ? "[" : ",", i + 10);
        }
        str_add_c(&s, s.len == 0 ? "[]" : "]");
        out->body = str_sv(&s);
        l->pages++;
    } else if (sv_eq(function, SV(CONTENTS))) {
        out->body = SV("[]");
    } else if (sv_eq(function, SV(GRADES))) {
        bool is_all = sv_eq(userid, SV("0"));
        struct str s;
        str_init(&s, a, 1 << 20);
        l->grade_calls++;
        l->all_calls += is_all ? 1 : 0;
        for (size_t i = 0; i < (is_all ? l->people : 1); i++) {
            struct sv who = is_all ? sv_printf(a, "%zu", i + 10) : userid;
            str_addf(&s, "%s{\"userid\":%.*s,\"gradeitems\":[" TOTAL_ROW("5") "]}",
                     i == 0 ? "{\"usergrades\":[" : ",", SV_ARG(who));
        }
        str_add_c(&s, "]}");
        out->body = str_sv(&s);
    } else if (sv_eq(function, SV(COURSE))) {
        out->body = SV(EXCEPTION("moodle_exception", "err_nocriteria"));
    }
    (void)err;
    return true;
}

static void moodle__reads_large_courses_person_by_person(void **state) {
    struct bench *b = *state;
    struct large l = {.people = 1001};
    b->io.http = (struct lti_http){.fetch = answer_large, .ctx = &l};
    must_read(b);
    assert_int_equal(b->reading.member_count, 1001);
    assert_int_equal(l.pages, 3);
    assert_int_equal(l.grade_calls, 1001);
    assert_int_equal(l.all_calls, 0);
    assert_int_equal(b->reading.fact_count, 2 * 1001); /* both totals */
    assert_true(sv_eq(b->reading.facts[2001].person_ref, SV("1010")));
    assert_true(b->reading.is_complete);
    l = (struct large){.people = 200};
    must_read(b);
    assert_int_equal(l.grade_calls, 1);
    assert_int_equal(l.all_calls, 1);
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BENCH(moodle__reads_a_course_whole),
        WITH_BENCH(moodle__asks_as_the_web_service_wants),
        WITH_BENCH(moodle__marks_hidden_grades_as_not_posted),
        WITH_BENCH(moodle__knows_by_its_icon_whether_a_grade_passes),
        WITH_BENCH(moodle__takes_letters_as_the_gradebook_shows_them),
        WITH_BENCH(moodle__does_not_take_a_low_grade_for_a_failed_activity),
        WITH_BENCH(moodle__says_that_activities_are_closed_to_the_account),
        WITH_BENCH(moodle__counts_what_is_missing_in_the_final_total),
        WITH_BENCH(moodle__measures_each_total_by_its_own_maximum),
        WITH_BENCH(moodle__keeps_grades_that_the_report_no_longer_shows),
        WITH_BENCH(moodle__keeps_maxima_that_the_report_no_longer_shows),
        WITH_BENCH(moodle__reads_ungraded_and_odd_rows),
        WITH_BENCH(moodle__maps_completion_states),
        WITH_BENCH(moodle__does_not_believe_the_completed_flag),
        WITH_BENCH(moodle__decides_by_role_who_learns),
        WITH_BENCH(moodle__counts_a_scale_from_its_lowest_grade),
        WITH_BENCH(moodle__keeps_what_it_knew_while_a_grade_needs_an_update),
        WITH_BENCH(moodle__takes_due_dates_by_their_names_not_their_labels),
        WITH_BENCH(moodle__asks_for_due_dates_that_the_activities_do_not_name),
        WITH_BENCH(moodle__reads_large_courses_person_by_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
