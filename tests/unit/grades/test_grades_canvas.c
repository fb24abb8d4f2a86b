/* Reading a Canvas course: what grades, enrolments and totals mean (DESIGN 3.3, lti.md 11.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "canvas_site.h"

#define WORK "120"
#define ANA "871"
#define BEN "872"

static usec_t at(const char *text) {
    usec_t t = 0;
    assert_true(rfc3339_parse(sv_from(text), &t));
    return t;
}

static void canvas__reads_a_course_whole(void **state) {
    struct bench *b = *state;
    must_read(b);
    const struct grades_reading *r = &b->reading;
    assert_int_equal(r->member_count, 2); /* the teacher never opened Laurel: nobody to list */
    const struct model_member *ana = member_of(b, ANA);
    assert_true(sv_eq(ana->sub, SV(ANA_SUB)) && sv_eq(ana->name, SV("Person 871")));
    assert_true(sv_eq(ana->sourcedid, SV("s-871")) && sv_eq(ana->login, SV("login871")));
    assert_true(ana->is_learner && ana->is_active && !ana->is_teacher);
    const struct model_item *quiz = item_of(b, MODEL_ITEM_ACTIVITY, WORK);
    assert_true(sv_eq(quiz->title, SV("Lab safety quiz")) && sv_eq(quiz->source, SV("canvas")));
    assert_dec(quiz->maximum, "10");
    assert_false(quiz->has_completion);
    assert_true(quiz->due_at == 0); /* not said */
    const struct model_fact *f = fact_of(b, ANA, MODEL_ITEM_ACTIVITY, WORK);
    assert_true(f->has_score && f->is_posted && !f->is_excused);
    assert_dec(f->score, "8.5");
    assert_int_equal(f->letter.len, 0); /* "8.5" is points, no letter */
    assert_true(f->submitted_at == at("2027-05-01T10:00:00Z"));
    assert_true(f->graded_at == at("2027-05-02T10:00:00Z"));
    assert_int_equal(r->can, GRADES_CAN_MEMBERS | GRADES_CAN_SCORES | GRADES_CAN_COURSE_TOTAL |
                                 GRADES_CAN_TITLES);
    assert_true(r->is_complete && r->missing.len == 0 && r->unmatched_count == 0);
    assert_int_equal(r->requests, 8);
    assert_true(r->bytes > 500 && r->read_at == b->now);
}

static void canvas__asks_as_the_api_wants(void **state) {
    struct bench *b = *state;
    must_read(b);
    assert_string_equal(b->canvas.authorization, "Bearer 7~secret");
    assert_string_equal(b->canvas.accept, "application/json+canvas-string-ids");
    assert_string_equal(b->canvas.urls[0],
                        SITE "/api/v1/courses/lti_context_id:" CONTEXT "?include[]=term");
    assert_int_equal(asked(b, "access_token"), 0); /* never in an address */
    assert_int_equal(asked(b, "student_ids[]=all&grouped=1&per_page=100"), 1);
    b->course.ref = SV("55"); /* `source test --course 55` */
    reply_body(b, "/api/v1/courses/55", COURSE);
    reply_body(b, "/courses/55/enrollments", "[]");
    reply_body(b, "/courses/55/assignments", "[]");
    reply_body(b, "/courses/55/students", "[]");
    reply_body(b, "/courses/55/modules", "[]");
    must_read(b);
    assert_string_equal(b->canvas.urls[0], SITE "/api/v1/courses/55?include[]=term");
}

/* An end that does not hold is no end: such a course would never be read again. */
static void canvas__says_when_a_course_ends_and_whether_it_is_over(void **state) {
#define MAY ",\"end_at\":\"2027-05-31T00:00:00Z\""
#define TERM(at) ",\"term\":{\"id\":\"1\",\"end_at\":" at "}"
#define HOLDS ",\"restrict_enrollments_to_course_dates\":true"
    static const struct {
        const char *fields, *ends;
        bool is_over;
    } rows[] = {
        {"\"workflow_state\":\"available\"", "", false},
        {"\"workflow_state\":\"completed\"", "", true},
        {"\"workflow_state\":\"unpublished\"" MAY, "2027-05-31T00:00:00Z", false},
        {"\"workflow_state\":\"available\",\"end_at\":null" TERM("null"), "", false},
        {"\"workflow_state\":\"available\"" TERM("\"2027-07-31T00:00:00Z\""),
         "2027-07-31T00:00:00Z", false},
        {"\"workflow_state\":\"available\"" MAY TERM("\"2027-07-31T00:00:00Z\""),
         "2027-07-31T00:00:00Z", false},
        {"\"workflow_state\":\"available\"" MAY HOLDS TERM("\"2027-07-31T00:00:00Z\""),
         "2027-05-31T00:00:00Z", false},
        {"\"workflow_state\":\"available\"" HOLDS TERM("\"2027-07-31T00:00:00Z\""),
         "2027-07-31T00:00:00Z", false},
        {"\"workflow_state\":\"available\",\"concluded\":true" MAY TERM("null"),
         "2027-05-31T00:00:00Z", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)teardown(state);
        (void)setup(state);
        struct bench *b = *state;
        reply_body(b, "/courses/lti_context_id:",
                   arena_printf(&b->arena, "{\"id\":\"21070000000000055\",%s}", rows[i].fields));
        reply_body(b, "/courses/21070000000000055/enrollments", "[]");
        for (size_t k = 0; k < 3; k++) {
            static const char *const lists[] = {"assignments", "students/submissions", "modules"};
            reply_body(b, arena_printf(&b->arena, "/courses/21070000000000055/%s", lists[k]), "[]");
        }
        reply_body(b, "/courses/21070000000000055/outcome_rollups",
                   "{\"rollups\":[],\"linked\":{\"outcomes\":[]}}");
        must_read(b);
        char text[RFC3339_MAX] = "";
        if (b->reading.ends_at != 0) {
            (void)rfc3339_format(b->reading.ends_at, text);
        }
        if (strcmp(text, rows[i].ends) != 0 || b->reading.is_over != rows[i].is_over) {
            fail_msg("%s: %s %d", rows[i].fields, text, b->reading.is_over);
        }
        assert_true(sv_eq(b->reading.course_ref, SV("21070000000000055")));
    }
}

/* One row each that a naive reader gets wrong (attacks.md F15). */
static void canvas__judges_a_submission_as_the_gradebook_shows_it(void **state) {
    static const struct {
        const char *name, *fields;
        bool has_fact, has_score, is_posted, is_excused;
    } rows[] = {
        {"graded and posted",
         "\"score\":8,\"grade\":\"8\",\"workflow_state\":\"graded\","
         "\"posted_at\":\"2027-05-03T10:00:00Z\"",
         true, true, true, false},
        {"a number sent as text",
         "\"score\":\"8.0\",\"grade\":\"8\",\"workflow_state\":\"graded\","
         "\"posted_at\":\"2027-05-03T10:00:00Z\"",
         true, true, true, false},
        {"hidden: graded, not posted",
         "\"score\":8,\"grade\":\"8\",\"workflow_state\":\"graded\",\"posted_at\":null", true, true,
         false, false},
        {"no word on posting is hidden",
         "\"score\":8,\"grade\":\"8\",\"workflow_state\":\"graded\"", true, true, false, false},
        {"posted late, with the zone of the school",
         "\"score\":8,\"grade\":\"8\",\"workflow_state\":\"graded\","
         "\"posted_at\":\"2027-06-30T23:59:59.123-07:00\"",
         true, true, true, false},
        {"zero is a score",
         "\"score\":0,\"grade\":\"0\",\"workflow_state\":\"graded\","
         "\"posted_at\":\"2027-05-03T10:00:00Z\"",
         true, true, true, false},
        {"handed in, not graded",
         "\"score\":null,\"grade\":null,\"workflow_state\":\"submitted\",\"posted_at\":null,"
         "\"submitted_at\":\"2027-05-01T10:00:00Z\"",
         true, false, false, false},
        {"nothing there",
         "\"score\":null,\"grade\":null,\"workflow_state\":\"unsubmitted\",\"posted_at\":null",
         false, false, false, false},
        {"un-graded: the score is gone, the posting stays",
         "\"score\":null,\"grade\":null,\"workflow_state\":\"unsubmitted\","
         "\"posted_at\":\"2027-05-03T10:00:00Z\"",
         false, false, false, false},
        {"a quiz with a part to be marked",
         "\"score\":6,\"grade\":\"6\",\"workflow_state\":\"pending_review\","
         "\"posted_at\":\"2027-05-03T10:00:00Z\",\"submitted_at\":\"2027-05-01T10:00:00Z\"",
         true, false, false, false},
        {"another attempt after the grade",
         "\"score\":9,\"grade\":\"9\",\"workflow_state\":\"submitted\",\"attempt\":2,"
         "\"grade_matches_current_submission\":false,\"posted_at\":\"2027-05-03T10:00:00Z\","
         "\"submitted_at\":\"2027-05-04T10:00:00Z\"",
         true, false, false, false},
        {"another attempt, state still graded",
         "\"score\":9,\"grade\":\"9\",\"workflow_state\":\"graded\",\"attempt\":2,"
         "\"grade_matches_current_submission\":false,\"posted_at\":\"2027-05-03T10:00:00Z\","
         "\"submitted_at\":\"2027-05-04T10:00:00Z\"",
         true, false, false, false},
        {"several attempts, the last one graded",
         "\"score\":9,\"grade\":\"9\",\"workflow_state\":\"graded\",\"attempt\":3,"
         "\"grade_matches_current_submission\":true,\"posted_at\":\"2027-05-03T10:00:00Z\"",
         true, true, true, false},
        {"graded by hand, nothing handed in",
         "\"score\":9,\"grade\":\"9\",\"workflow_state\":\"graded\","
         "\"grade_matches_current_submission\":null,\"submitted_at\":null,"
         "\"posted_at\":\"2027-05-03T10:00:00Z\"",
         true, true, true, false},
        {"excused, state graded, no score",
         "\"score\":null,\"grade\":null,\"excused\":true,\"workflow_state\":\"graded\","
         "\"posted_at\":\"2027-05-03T10:00:00Z\"",
         true, false, false, true},
        {"excused after a score",
         "\"score\":3,\"grade\":\"3\",\"excused\":true,\"workflow_state\":\"graded\","
         "\"posted_at\":\"2027-05-03T10:00:00Z\"",
         true, false, false, true},
        {"excused is null",
         "\"score\":3,\"grade\":\"3\",\"excused\":null,\"workflow_state\":\"graded\","
         "\"posted_at\":\"2027-05-03T10:00:00Z\"",
         true, true, true, false},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_body(
            b, "/students/submissions",
            arena_printf(&b->arena,
                         "[" OF("871", "{\"assignment_id\":\"120\",%s}") "," OF("872", "") "]",
                         rows[i].fields));
        must_read(b);
        const struct model_fact *f = fact_of(b, ANA, MODEL_ITEM_ACTIVITY, WORK);
        if ((f != NULL) != rows[i].has_fact || (f != NULL && (f->has_score != rows[i].has_score ||
                                                              f->is_excused != rows[i].is_excused ||
                                                              f->is_posted != rows[i].is_posted))) {
            fail_msg("%s", rows[i].name);
        }
    }
}

static void canvas__takes_letters_and_complete_from_the_way_of_grading(void **state) {
    static const struct {
        const char *type, *points, *score, *grade, *letter;
        enum model_completion completion;
    } rows[] = {
        {"letter_grade", "10", "8.5", "\"B+\"", "B+", MODEL_COMPLETION_UNKNOWN},
        {"letter_grade", "10", "8.5", "\"Exceeds expectations\"", "Exceeds expectations",
         MODEL_COMPLETION_UNKNOWN},
        {"gpa_scale", "4", "3.3", "\"B+\"", "B+", MODEL_COMPLETION_UNKNOWN},
        {"percent", "10", "8.5", "\"85%\"", "", MODEL_COMPLETION_UNKNOWN},
        {"points", "10", "8.5", "\"8.5\"", "", MODEL_COMPLETION_UNKNOWN},
        {"pass_fail", "10", "10", "\"complete\"", "", MODEL_COMPLETION_COMPLETE},
        {"pass_fail", "10", "0", "\"incomplete\"", "", MODEL_COMPLETION_INCOMPLETE},
        {"pass_fail", "0", "0", "\"complete\"", "", MODEL_COMPLETION_COMPLETE},
        {"pass_fail", "0", "0", "\"incomplete\"", "", MODEL_COMPLETION_INCOMPLETE},
        {"pass_fail", "null", "null", "\"complete\"", "", MODEL_COMPLETION_COMPLETE},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_body(b, "/courses/55/assignments",
                   arena_printf(&b->arena, "[" ASSIGNMENT("120", "A", "%s", "%s", "") "]",
                                rows[i].points, rows[i].type));
        reply_body(b, "/students/submissions",
                   arena_printf(&b->arena, "[" OF("871", GRADED("120", "%s", "%s")) "]",
                                rows[i].score, rows[i].grade));
        must_read(b);
        const struct model_fact *f = fact_of(b, ANA, MODEL_ITEM_ACTIVITY, WORK);
        if (!sv_eq(f->letter, sv_from(rows[i].letter)) || f->completion != rows[i].completion ||
            !f->is_posted) {
            fail_msg("%s %s: \"%.*s\" %d", rows[i].type, rows[i].grade, SV_ARG(f->letter),
                     (int)f->completion);
        }
    }
}

static void canvas__hides_complete_until_it_is_posted(void **state) {
    struct bench *b = *state;
    reply_body(b, "/courses/55/assignments", "[" ASSIGNMENT("120", "A", "0", "pass_fail", "") "]");
    reply_body(b, "/students/submissions",
               "[" OF("871", "{\"assignment_id\":120,\"score\":0,\"grade\":\"complete\","
                             "\"workflow_state\":\"graded\",\"posted_at\":null}") "]");
    must_read(b);
    const struct model_fact *f = fact_of(b, ANA, MODEL_ITEM_ACTIVITY, WORK);
    assert_false(f->is_posted);
    /* the one judge takes completion of an item without a completion of its own by its posting */
    assert_false(item_of(b, MODEL_ITEM_ACTIVITY, WORK)->has_completion);
}

static void canvas__lists_assignments_of_every_kind(void **state) {
    struct bench *b = *state;
    reply_body(
        b, "/courses/55/assignments",
        "[{\"id\":1,\"name\":\"By number\",\"points_possible\":\"7.5\",\"grading_type\":\"points\","
        "\"published\":true,\"due_at\":\"2027-06-01T23:59:59Z\"},"
        "{\"id\":\"2\",\"name\":\"Extra credit\",\"points_possible\":0,\"grading_type\":"
        "\"points\",\"published\":true},"
        "{\"id\":\"3\",\"name\":\"No points\",\"points_possible\":null,\"grading_type\":"
        "\"pass_fail\",\"published\":true},"
        "{\"id\":\"4\",\"name\":\"Reading\",\"points_possible\":0,\"grading_type\":\"not_graded\","
        "\"published\":true},"
        "{\"id\":\"5\",\"name\":\"Later\",\"points_possible\":5,\"grading_type\":\"points\","
        "\"published\":false},"
        "{\"id\":\"21070000000000871\",\"name\":\"Beyond 2^53\",\"points_possible\":1,"
        "\"grading_type\":\"points\",\"published\":true},"
        "{\"id\":21070000000000873,\"name\":\"And as a number\",\"points_possible\":1,"
        "\"grading_type\":\"points\",\"published\":true},"
        "{\"id\":\"7~12\",\"name\":\"Another shard's\",\"points_possible\":1,"
        "\"grading_type\":\"points\",\"published\":true}]");
    reply_body(b, "/students/submissions",
               "[" OF("871", GRADED("4", "0", "null") "," GRADED("5", "5", "\"5\"") "," //
                      GRADED("21070000000000871", "1", "\"1\"")) "," OF("872", "") "]");
    must_read(b);
    assert_dec(item_of(b, MODEL_ITEM_ACTIVITY, "1")->maximum, "7.5");
    assert_true(item_of(b, MODEL_ITEM_ACTIVITY, "1")->due_at == at("2027-06-01T23:59:59Z"));
    assert_true(item_of(b, MODEL_ITEM_ACTIVITY, "2")->has_maximum); /* a percent of it is refused */
    assert_false(item_of(b, MODEL_ITEM_ACTIVITY, "3")->has_maximum);
    assert_null(item_of(b, MODEL_ITEM_ACTIVITY, "4")); /* is never graded: meets no rule */
    assert_non_null(item_of(b, MODEL_ITEM_ACTIVITY, "5"));
    assert_false(fact_of(b, ANA, MODEL_ITEM_ACTIVITY, "5")->is_posted); /* not published */
    assert_true(fact_of(b, ANA, MODEL_ITEM_ACTIVITY, "21070000000000871")->has_score);
    assert_non_null(item_of(b, MODEL_ITEM_ACTIVITY, "21070000000000873"));
    assert_non_null(item_of(b, MODEL_ITEM_ACTIVITY, "7~12"));
    assert_true(b->reading.is_complete); /* the one that is never graded is no stranger */
    assert_int_equal(asked(b, "/assignments?"), 1);
}

static void canvas__knows_who_may_earn(void **state) {
    static const struct {
        const char *name, *enrolments;
        bool is_listed, is_learner, is_active, is_teacher;
    } rows[] = {
        {"active", ENROLMENT("1", "871", "StudentEnrollment", "active", ""), true, true, true,
         false},
        {"concluded", ENROLMENT("1", "871", "StudentEnrollment", "completed", ""), true, true,
         false, false},
        {"inactive", ENROLMENT("1", "871", "StudentEnrollment", "inactive", ""), true, false, false,
         false},
        {"invited", ENROLMENT("1", "871", "StudentEnrollment", "invited", ""), false, false, false,
         false},
        {"on its way", ENROLMENT("1", "871", "StudentEnrollment", "creation_pending", ""), false,
         false, false, false},
        {"rejected", ENROLMENT("1", "871", "StudentEnrollment", "rejected", ""), false, false,
         false, false},
        {"Student View", ENROLMENT("1", "871", "StudentViewEnrollment", "active", ""), false, false,
         false, false},
        {"Student View and student",
         ENROLMENT("1", "871", "StudentEnrollment", "active",
                   "") "," ENROLMENT("2", "871", "StudentViewEnrollment", "active", ""),
         false, false, false, false},
        {"inactive in one section, active in another",
         ENROLMENT("1", "871", "StudentEnrollment", "inactive",
                   "") "," ENROLMENT("2", "871", "StudentEnrollment", "active", ""),
         true, true, true, false},
        {"concluded in one section, active in another",
         ENROLMENT("1", "871", "StudentEnrollment", "active",
                   "") "," ENROLMENT("2", "871", "StudentEnrollment", "completed", ""),
         true, true, true, false},
        {"teacher", ENROLMENT("1", "871", "TeacherEnrollment", "active", ""), true, false, true,
         true},
        {"assistant", ENROLMENT("1", "871", "TaEnrollment", "active", ""), true, false, true, true},
        {"designer", ENROLMENT("1", "871", "DesignerEnrollment", "active", ""), true, false, true,
         true},
        {"observer", ENROLMENT("1", "871", "ObserverEnrollment", "active", ""), true, false, false,
         false},
        {"teacher who learns",
         ENROLMENT("1", "871", "TeacherEnrollment", "active",
                   "") "," ENROLMENT("2", "871", "StudentEnrollment", "active", ""),
         true, true, true, true},
    };
    struct bench *b = *state;
    b->links[0].ref = SV(ANA);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_body(b, "/courses/55/enrollments",
                   arena_printf(&b->arena, "[%s]", rows[i].enrolments));
        must_read(b);
        const struct model_member *m = member_of(b, ANA);
        bool earns = m != NULL && m->is_learner;
        assert_int_equal(b->reading.unmatched_count, 0); /* nobody is missed who may not earn */
        if ((m != NULL) != rows[i].is_listed ||
            (m != NULL &&
             (m->is_learner != rows[i].is_learner || m->is_active != rows[i].is_active ||
              m->is_teacher != rows[i].is_teacher))) {
            fail_msg("%s", rows[i].name);
        }
        if ((fact_of(b, ANA, MODEL_ITEM_ACTIVITY, WORK) != NULL) != earns) {
            fail_msg("%s: facts", rows[i].name);
        }
    }
}

/* They take part in nothing, and neither do they lose what they have: an award that goes with the
 * grade would go with the facts. */
static void canvas__leaves_the_inactive_what_they_have(void **state) {
    struct bench *b = *state;
    b->links[1].ref = SV(BEN);
    reply_body(
        b, "/courses/55/enrollments",
        "[" ENROLMENT("1", "871", "StudentEnrollment", "active",
                      GRADES("91.5", "88.2", "null")) "," //
        ENROLMENT("2", "872", "StudentEnrollment", "inactive", GRADES("70", "65", "null")) "]");
    must_read(b);
    struct model_member ben = *member_of(b, BEN);
    assert_true(!ben.is_learner && !ben.is_active && ben.is_unread);
    assert_null(fact_of(b, BEN, MODEL_ITEM_ACTIVITY, WORK));
    assert_false(member_of(b, ANA)->is_unread);
    /* and are read when they are back, whatever they had before */
    b->course.scope = GRADES_CHANGES;
    b->course.known = &(const struct model_known){.person_ref = SV(BEN), .mark = ben.mark};
    b->course.known_count = 1;
    reply_body(
        b, "/courses/55/enrollments",
        "[" ENROLMENT("2", "872", "StudentEnrollment", "active", GRADES("70", "65", "null")) "]");
    must_read(b);
    assert_true(ben.mark.len > 0 && !member_of(b, BEN)->is_unread);
}

static void canvas__reads_course_totals_as_learners_see_them(void **state) {
    static const struct {
        const char *name, *course, *grades, *final, *current, *letter;
        bool is_posted;
    } rows[] = {
        {"posted ones only", COURSE, GRADES("91.5", "88.2", "\"B+\""), "88.2", "91.5", "B+", true},
        {"numbers as text", COURSE, GRADES("\"91.5\"", "\"88.20\"", "null"), "88.2", "91.5", "",
         true},
        {"nothing graded yet", COURSE, GRADES("null", "0", "null"), "0", "", "", true},
        {"an override stands above", COURSE,
         ",\"grades\":{\"current_score\":50,\"final_score\":40,\"current_grade\":\"F\","
         "\"final_grade\":\"F\",\"override_score\":95.5,\"override_grade\":\"A\"}",
         "95.5", "95.5", "A", true},
        {"no override set", COURSE,
         ",\"grades\":{\"current_score\":50,\"final_score\":40,\"current_grade\":\"F\","
         "\"final_grade\":\"F\",\"override_score\":null,\"override_grade\":null}",
         "40", "50", "F", true},
        {"hidden by the course", "{\"id\":55,\"hide_final_grades\":true}",
         GRADES("91.5", "88.2", "\"B+\""), "88.2", "91.5", "B+", false},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        reply_body(b, "lti_context_id:", rows[i].course);
        reply_body(b, "/courses/55/enrollments",
                   arena_printf(&b->arena,
                                "[{\"id\":1,\"user_id\":871,\"type\":\"StudentEnrollment\","
                                "\"enrollment_state\":\"active\"%s}]",
                                rows[i].grades));
        must_read(b);
        assert_dec(item_of(b, MODEL_ITEM_COURSE_FINAL, "")->maximum, "100");
        const struct model_fact *final = fact_of(b, ANA, MODEL_ITEM_COURSE_FINAL, "");
        const struct model_fact *current = fact_of(b, ANA, MODEL_ITEM_COURSE_CURRENT, "");
        assert_dec(final->score, rows[i].final);
        if (!sv_eq(final->letter, sv_from(rows[i].letter)) ||
            final->is_posted != rows[i].is_posted) {
            fail_msg("%s", rows[i].name);
        }
        assert_int_equal(current != NULL, rows[i].current[0] != '\0');
        if (current != NULL) {
            assert_dec(current->score, rows[i].current);
            assert_int_equal(current->is_posted, rows[i].is_posted);
        }
    }
}

static void canvas__believes_the_totals_of_the_active_enrolment(void **state) {
    struct bench *b = *state;
    reply_body(
        b, "/courses/55/enrollments",
        "[" ENROLMENT("1", "871", "StudentEnrollment", "completed",
                      GRADES("10", "10", "null")) ","                                        //
        ENROLMENT("2", "871", "StudentEnrollment", "active", GRADES("90", "90", "null")) "," //
        ENROLMENT("3", "871", "StudentEnrollment", "inactive", GRADES("20", "20", "null")) "]");
    must_read(b);
    assert_dec(fact_of(b, ANA, MODEL_ITEM_COURSE_FINAL, "")->score, "90");
}

static void canvas__says_that_totals_are_not_granted(void **state) {
    struct bench *b = *state;
    reply_body(b, "/courses/55/enrollments",
               "[" ENROLMENT("1", "871", "StudentEnrollment", "active",
                             ",\"grades\":{\"html_url\":\"https://x\"}") "]");
    must_read(b);
    assert_null(item_of(b, MODEL_ITEM_COURSE_FINAL, ""));
    assert_int_equal(b->reading.can & GRADES_CAN_COURSE_TOTAL, 0);
    assert_true(has_part(b->reading.missing, "view all grades"));
}

/* The best first, however they are listed; what cannot be ranked is not told. */
static void canvas__knows_the_letters_of_a_course(void **state) {
    static const struct {
        const char *id, *standard;
        int status;
        bool is_told;
        const char *letters;
    } rows[] = {
        {"null", NULL, 0, true, ""},
        {"0", NULL, 0, true, ""},
        {"\"0\"", NULL, 0, true, ""},
        {"7",
         "{\"grading_scheme\":[{\"name\":\"Meets\",\"value\":0.7},{\"name\":\" Exceeds "
         "\",\"value\":\"0.9\"},{\"name\":\"Below\",\"value\":0}]}",
         200, true, "Exceeds\nMeets\nBelow"},
        {"\"7\"", "{\"grading_scheme\":[{\"name\":\"A\",\"value\":null}]}", 200, false, ""},
        {"7", "{\"grading_scheme\":[{\"name\":\"\",\"value\":1}]}", 200, false, ""},
        {"7", "{\"grading_scheme\":[{\"name\":\"a\\nb\",\"value\":1}]}", 200, false, ""},
        {"7", "{\"grading_scheme\":{}}", 200, false, ""},
        {"7", "{}", 401, false, ""},
        {"7", "{}", 404, true, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)teardown(state);
        (void)setup(state);
        struct bench *b = *state;
        reply_body(b, "/courses/lti_context_id:",
                   arena_printf(&b->arena, "{\"id\":55,\"grading_standard_id\":%s}", rows[i].id));
        if (rows[i].standard != NULL) {
            reply_with(b, (struct canned){.url = "/courses/55/grading_standards/7",
                                          .status = rows[i].status,
                                          .body = rows[i].standard});
        }
        must_read(b);
        if (b->reading.has_letters != rows[i].is_told ||
            !sv_eq(b->reading.letters, sv_from(rows[i].letters))) {
            fail_msg("%zu: %.*s", i, SV_ARG(b->reading.letters));
        }
        assert_int_equal(b->reading.missing.len > 0, !rows[i].is_told);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(canvas__reads_a_course_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__asks_as_the_api_wants, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__says_when_a_course_ends_and_whether_it_is_over,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__judges_a_submission_as_the_gradebook_shows_it,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__takes_letters_and_complete_from_the_way_of_grading,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__knows_the_letters_of_a_course, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__hides_complete_until_it_is_posted, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__lists_assignments_of_every_kind, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__knows_who_may_earn, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__leaves_the_inactive_what_they_have, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__reads_course_totals_as_learners_see_them, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__believes_the_totals_of_the_active_enrolment, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__says_that_totals_are_not_granted, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
