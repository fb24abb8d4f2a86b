/* Reading what changed in a Canvas course: who is read again, and what it costs (lti.md 11.2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "canvas_site.h"

#define ANA "871"
#define BEN "872"
#define ANA_ROW(more) ENROLMENT("1", "871", "StudentEnrollment", "active", more)
#define BEN_ROW(more) ENROLMENT("2", "872", "StudentEnrollment", "completed", more)
#define ANA_GRADES GRADES("91.5", "88.2", "\"B+\"")
#define BEN_GRADES GRADES("70", "65", "null")
#define SINCE "2027-05-04T10:00:00Z"
#define OVERLAPPED "2027-05-04T09:50:00Z"

static int by_person_ref(const void *left, const void *right) {
    return sv_cmp(((const struct model_known *)left)->person_ref,
                  ((const struct model_known *)right)->person_ref);
}

/* From here on changes are asked for, against what the last reading left behind. */
static void know(struct bench *b) {
    struct model_known *known = ARENA_ARRAY(&b->arena, struct model_known, b->reading.member_count);
    for (size_t i = 0; i < b->reading.member_count; i++) {
        const struct model_member *m = &b->reading.members[i];
        assert_true(m->mark.len <= 200);
        known[i] = (struct model_known){.person_ref = m->person_ref, .mark = m->mark};
    }
    qsort(known, b->reading.member_count, sizeof *known, by_person_ref);
    b->course.scope = GRADES_CHANGES;
    b->course.known = known;
    b->course.known_count = b->reading.member_count;
    assert_true(rfc3339_parse(SV(SINCE), &b->course.since));
}

static void nothing_new(struct bench *b) {
    reply_body(b, "graded_since=", "[]");
    reply_body(b, "submitted_since=", "[]");
}

static struct bench *read_before(void **state) {
    (void)teardown(state);
    (void)setup(state);
    struct bench *b = *state;
    nothing_new(b);
    must_read(b);
    assert_int_equal(asked(b, "_since="), 0);
    assert_false(member_of(b, ANA)->is_unread || member_of(b, BEN)->is_unread);
    know(b);
    b->links[0].ref = SV(ANA);
    b->links[1].ref = SV(BEN);
    return b;
}

static void canvas__reads_nothing_of_people_nothing_happened_to(void **state) {
    struct bench *b = read_before(state);
    must_read(b);
    assert_true(member_of(b, ANA)->is_unread && member_of(b, BEN)->is_unread);
    assert_int_equal(b->reading.fact_count, 0);
    assert_int_equal(b->reading.requests,
                     7); /* course, people, work, two of news, modules, outcomes */
    assert_int_equal(asked(b, "grouped=1"), 0);
    assert_int_equal(asked(b, "student_ids[]=all&graded_since=" OVERLAPPED "&per_page=100"), 1);
    assert_int_equal(asked(b, "student_ids[]=all&submitted_since=" OVERLAPPED "&per_page=100"), 1);
    assert_true(b->reading.is_complete && !b->reading.is_partial); /* items are all listed */
    assert_int_equal(b->reading.item_count, 3);
    for (size_t i = 0; i < b->course.known_count; i++) { /* and the marks hold on */
        const struct model_known *known = &b->course.known[i];
        const struct model_member *m = member_of(b, sv_c(&b->arena, known->person_ref));
        assert_true(sv_eq(m->mark, known->mark) && m->mark.len > 0);
    }
}

/* `graded_since` sees few of these: a naive reader of changes keeps what was true before. */
static void canvas__reads_again_whom_something_happened_to(void **state) {
    static const struct {
        const char *name, *url, *body;
    } rows[] = {
        {"graded", "graded_since=", "[" GRADED("120", "8", "\"8\"") "]"},
        {"another attempt: the grade waits",
         "submitted_since=", "[{\"id\":\"77\",\"user_id\":\"871\",\"assignment_id\":\"120\"}]"},
        {"un-graded: a total moved, no list has it", "/enrollments?",
         "[" ANA_ROW(GRADES("91.5", "80", "\"B+\"")) "," BEN_ROW(BEN_GRADES) "]"},
        {"excused, and nothing else was graded: no current total any more", "/enrollments?",
         "[" ANA_ROW(GRADES("null", "88.2", "\"B+\"")) "," BEN_ROW(BEN_GRADES) "]"},
        {"graded and hidden: only the teacher's total moved", "/enrollments?",
         "[" ANA_ROW(",\"grades\":{\"current_score\":91.5,\"final_score\":88.2,\"current_grade\":"
                     "\"B+\",\"final_grade\":\"B+\",\"unposted_current_score\":12,"
                     "\"unposted_final_score\":99}") "," BEN_ROW(BEN_GRADES) "]"},
        {"overridden", "/enrollments?",
         "[" ANA_ROW(
             ",\"grades\":{\"current_score\":91.5,\"final_score\":88.2,\"current_grade\":"
             "\"B+\",\"final_grade\":\"B+\",\"unposted_current_score\":99,"
             "\"unposted_final_score\":99,\"override_score\":40}") "," BEN_ROW(BEN_GRADES) "]"},
        {"another letter by a new grading standard", "/enrollments?",
         "[" ANA_ROW(GRADES("91.5", "88.2", "\"A-\"")) "," BEN_ROW(BEN_GRADES) "]"},
        {"concluded", "/enrollments?",
         "[" ENROLMENT("1", "871", "StudentEnrollment", "completed",
                       ANA_GRADES) "," BEN_ROW(BEN_GRADES) "]"},
        {"enrolled in another section, too", "/enrollments?",
         "[" ANA_ROW(ANA_GRADES) "," ENROLMENT("9", "871", "StudentEnrollment", "active",
                                               ANA_GRADES) "," BEN_ROW(BEN_GRADES) "]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench *b = read_before(state);
        reply_body(b, rows[i].url, rows[i].body);
        reply_body(b, "student_ids[]=871&grouped=1",
                   "[" OF("871", GRADED("120", "3", "\"3\"")) "]");
        /* half of the course is most of it: here all in one list are asked for */
        reply_body(b, "student_ids[]=all&grouped=1",
                   "[" OF("871", GRADED("120", "3", "\"3\"")) "," OF("872", "") "]");
        must_read(b);
        const struct model_fact *f = fact_of(b, ANA, MODEL_ITEM_ACTIVITY, "120");
        if (member_of(b, ANA)->is_unread || !member_of(b, BEN)->is_unread || f == NULL ||
            f->is_kept) {
            fail_msg("%s", rows[i].name);
            return;
        }
        assert_dec(f->score, "3");
        assert_null(fact_of(b, BEN, MODEL_ITEM_ACTIVITY, "120"));
        assert_null(fact_of(b, BEN, MODEL_ITEM_COURSE_FINAL, ""));
    }
}

static void canvas__takes_the_order_of_enrolments_for_no_change(void **state) {
#define ANA_OTHER ENROLMENT("9", "871", "StudentEnrollment", "inactive", ANA_GRADES)
    struct bench *b = read_before(state);
    reply_body(b, "/enrollments?",
               "[" ANA_ROW(ANA_GRADES) "," ANA_OTHER "," BEN_ROW(BEN_GRADES) "]");
    must_read(b);
    assert_false(member_of(b, ANA)->is_unread);
    know(b);
    reply_body(b, "/enrollments?",
               "[" BEN_ROW(GRADES("\"70.0\"", "65.00", "null")) "," ANA_OTHER "," //
               ANA_ROW(ANA_GRADES) "]");
    must_read(b);
    assert_true(member_of(b, ANA)->is_unread && member_of(b, BEN)->is_unread);
}

/* Whoever is read is read whole: what is not there any more is gone. */
static void canvas__takes_an_ungraded_score_away(void **state) {
    struct bench *b = read_before(state);
    reply_body(b, "graded_since=", "[" GRADED("120", "8", "\"8\"") "]");
    reply_body(b, "student_ids[]=all&grouped=1",
               "[" OF("871", "{\"assignment_id\":\"120\",\"score\":null,\"grade\":null,"
                             "\"workflow_state\":\"unsubmitted\"}") "]");
    must_read(b);
    assert_false(member_of(b, ANA)->is_unread);
    assert_null(fact_of(b, ANA, MODEL_ITEM_ACTIVITY, "120"));
    assert_true(b->reading.is_complete && !b->reading.is_partial);
    assert_true(fact_of(b, ANA, MODEL_ITEM_COURSE_FINAL, "")->has_score);
}

static void canvas__reads_everybody_when_the_way_of_grading_changed(void **state) {
    static const struct {
        const char *name, *url, *body;
        bool is_read;
    } rows[] = {
        {"points became letters", "/assignments?",
         "[" ASSIGNMENT("120", "Lab safety quiz", "10", "letter_grade", "") "]", true},
        {"one more was published", "/assignments?",
         "[" ASSIGNMENT("120", "Lab safety quiz", "10", "points",
                        "") "," ASSIGNMENT("121", "B", "10", "points", "") "]",
         true},
        {"totals are hidden now",
         "/courses/lti_context_id:", "{\"id\":\"55\",\"hide_final_grades\":true}", true},
        {"a draft was added, another title and date", "/assignments?",
         "[{\"id\":\"120\",\"name\":\"Quiz\",\"points_possible\":10,\"grading_type\":\"points\","
         "\"published\":true,\"due_at\":\"2027-06-01T00:00:00Z\"},{\"id\":\"122\",\"name\":\"C\","
         "\"points_possible\":10,\"grading_type\":\"points\",\"published\":false}]",
         false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench *b = read_before(state);
        reply_body(b, rows[i].url, rows[i].body);
        must_read(b);
        if (member_of(b, ANA)->is_unread == rows[i].is_read ||
            member_of(b, BEN)->is_unread == rows[i].is_read) {
            fail_msg("%s", rows[i].name);
        }
        assert_int_equal(asked(b, "_since="), rows[i].is_read ? 0 : 2);
    }
}

static void canvas__reads_whom_it_has_no_mark_of(void **state) {
    static const struct {
        const char *head;
        size_t from, to; /* of a good one */
    } marks[] = {{"", 0, 0},  {"1:", 0, 0},   {"2:", 2, 50}, {"", 2, 50},
                 {"", 0, 49}, {"1:0", 2, 50}, {"1:G", 3, 50}};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        struct bench *b = read_before(state);
        struct model_known *known = ARENA_ARRAY(&b->arena, struct model_known, 2);
        memcpy(known, b->course.known, 2 * sizeof *known);
        b->course.known = known;
        assert_true(sv_eq(known[0].person_ref, SV(ANA)) && known[0].mark.len == 50);
        struct sv part =
            sv_head(sv_skip(known[0].mark, marks[i].from), marks[i].to - marks[i].from);
        known[0].mark = sv_printf(&b->arena, "%s%.*s", marks[i].head, SV_ARG(part));
        must_read(b);
        assert_false(member_of(b, ANA)->is_unread);
        assert_true(member_of(b, BEN)->is_unread);
        b->course.known++; /* nobody knows Ana */
        b->course.known_count--;
        must_read(b);
        assert_false(member_of(b, ANA)->is_unread);
        assert_true(member_of(b, BEN)->is_unread);
    }
}

static void canvas__trusts_no_mark_of_what_it_could_not_read(void **state) {
    static const char *const denied[] = {"/students/submissions", "/assignments?"};
    for (size_t i = 0; i < ARRAY_LEN(denied); i++) {
        struct bench *b = read_before(state);
        b->course.scope = GRADES_WHOLE;
        reply_with(b, (struct canned){.url = denied[i], .status = 401, .body = "{}"});
        must_read(b);
        assert_true(b->reading.missing.len > 0 && !b->reading.is_complete);
        know(b);
        b->canvas.rows[0].times = 1; /* the right was given */
        must_read(b);
        assert_false(member_of(b, ANA)->is_unread || member_of(b, BEN)->is_unread);
        assert_dec(fact_of(b, ANA, MODEL_ITEM_ACTIVITY, "120")->score, "8.5");
    }
}

#define MODULE                                                                                     \
    "{\"id\":\"31\",\"name\":\"Week 1\",\"published\":true,\"items\":[{\"id\":\"1\","              \
    "\"completion_requirement\":{\"type\":\"must_submit\"}}]}"

static struct bench *read_modules_before(void **state) {
    (void)teardown(state);
    (void)setup(state);
    struct bench *b = *state;
    nothing_new(b);
    reply_body(b, "/modules?include", "[" MODULE "]");
    reply_body(b, "/bulk_user_progress", "[" PROGRESS("871", "2", "1", "null") "]");
    reply_body(b, "/users/872/progress",
               "{\"requirement_count\":2,\"requirement_completed_count\":1,\"completed_at\":null}");
    reply_body(b, "/modules?student_id=871", "[{\"id\":\"31\",\"state\":\"started\"}]");
    reply_body(b, "/modules?student_id=872", "[{\"id\":\"31\",\"state\":\"started\"}]");
    reply_body(b, "/outcome_rollups",
               "{\"rollups\":[{\"scores\":[{\"score\":3.5,\"links\":{\"outcome\":\"61\"}}],"
               "\"links\":{\"user\":\"871\"}}],\"linked\":{\"outcomes\":[{\"id\":\"61\",\"title\":"
               "\"Measures\",\"mastery_points\":3,\"points_possible\":5}]}}");
    must_read(b);
    assert_true(fact_of(b, ANA, MODEL_ITEM_OUTCOME, "61")->has_score);
    know(b);
    return b;
}

static void canvas__asks_for_modules_of_those_who_got_further_only(void **state) {
    struct bench *b = read_modules_before(state);
    must_read(b);
    assert_int_equal(asked(b, "student_id="), 0);
    assert_int_equal(asked(b, "/users/872/progress"), 0); /* has concluded, and was asked about */
    assert_true(member_of(b, ANA)->is_unread && member_of(b, BEN)->is_unread);
    assert_non_null(item_of(b, MODEL_ITEM_OUTCOME, "61"));
    reply_body(b, "/bulk_user_progress",
               "[" PROGRESS("871", "2", "2", "\"2027-05-04T10:00:00Z\"") "]");
    reply_body(b, "/modules?student_id=871", "[{\"id\":\"31\",\"state\":\"completed\"}]");
    must_read(b);
    assert_int_equal(asked(b, "student_id=871"), 1);
    assert_int_equal(asked(b, "student_id="), 1);
    assert_int_equal(asked(b, "grouped=1"), 0);
    assert_int_equal(asked(b, "/outcome_rollups"), 1);
    assert_true(member_of(b, BEN)->is_unread && !member_of(b, ANA)->is_unread);
    assert_int_equal(fact_of(b, ANA, MODEL_ITEM_MODULE, "31")->completion,
                     MODEL_COMPLETION_COMPLETE);
    assert_int_equal(fact_of(b, ANA, MODEL_ITEM_COURSE_COMPLETION, "")->completion,
                     MODEL_COMPLETION_COMPLETE);
    assert_true(fact_of(b, ANA, MODEL_ITEM_ACTIVITY, "120")->is_kept); /* nothing known is lost */
    assert_true(fact_of(b, ANA, MODEL_ITEM_OUTCOME, "61")->is_kept);
}

static void canvas__keeps_modules_of_those_whose_grades_changed_only(void **state) {
    struct bench *b = read_modules_before(state);
    reply_body(b, "graded_since=",
               "[" GRADED("120", "8", "\"8\"") ",{\"id\":\"78\",\"user_id\":\"872\"}]");
    must_read(b);
    assert_int_equal(asked(b, "student_id="), 0);
    assert_false(member_of(b, ANA)->is_unread || member_of(b, BEN)->is_unread);
    assert_non_null(fact_of(b, ANA, MODEL_ITEM_MODULE, "31"));
    assert_true(fact_of(b, ANA, MODEL_ITEM_MODULE, "31")->is_kept);
    assert_true(fact_of(b, BEN, MODEL_ITEM_MODULE, "31")->is_kept);
    assert_false(fact_of(b, ANA, MODEL_ITEM_COURSE_COMPLETION, "")->is_kept);
    assert_true(fact_of(b, BEN, MODEL_ITEM_COURSE_COMPLETION, "")->is_kept);
    assert_false(fact_of(b, ANA, MODEL_ITEM_OUTCOME, "61")->is_kept);
    assert_true(fact_of(b, BEN, MODEL_ITEM_OUTCOME, "61")->is_kept); /* Canvas lists the active */
}

/* Nine people, so that three are asked for by id. */
static void nine_people(struct bench *b, const char *current) {
    struct str rows;
    struct str work;
    struct model_link *links = ARENA_ARRAY(&b->arena, struct model_link, 9);
    str_init(&rows, &b->arena, 1 << 16);
    str_init(&work, &b->arena, 1 << 16);
    for (int i = 1; i <= 9; i++) {
        struct sv ref = sv_printf(&b->arena, "80%d", i);
        links[i - 1] = (struct model_link){.sub = ref, .ref = ref};
        str_addf(&rows,
                 "%s{\"id\":\"%d\",\"user_id\":\"80%d\",\"type\":\"StudentEnrollment\","
                 "\"enrollment_state\":\"active\",\"grades\":{\"current_score\":%s,"
                 "\"final_score\":1}}",
                 i == 1 ? "[" : ",", i, i, i <= 3 ? current : "70");
        str_addf(&work, "%s{\"user_id\":\"80%d\",\"submissions\":[]}", i == 1 ? "[" : ",", i);
    }
    str_add_c(&rows, "]");
    str_add_c(&work, "]");
    b->course.links = links;
    b->course.link_count = 9;
    reply_body(b, "/enrollments?", rows.ptr);
    reply_body(b, "student_ids[]=all&grouped=1", work.ptr);
}

/* Canvas answers with a refusal for all when one of them may not be asked for. */
static void canvas__asks_singly_when_one_of_several_has_left(void **state) {
    struct bench *b = *state;
    nothing_new(b);
    nine_people(b, "70");
    must_read(b);
    know(b);
    nine_people(b, "75");
    reply_body(b, "/students/submissions?student_ids[]=801&grouped=1",
               "[" OF("801", GRADED("120", "5", "\"5\"")) "]");
    reply_body(b, "/students/submissions?student_ids[]=803&grouped=1", "[" OF("803", "") "]");
    reply_with(b, (struct canned){.url = "student_ids[]=802", .status = 401, .body = "{}"});
    must_read(b);
    assert_dec(fact_of(b, "801", MODEL_ITEM_ACTIVITY, "120")->score, "5");
    assert_true(fact_of(b, "802", MODEL_ITEM_ACTIVITY, "120")->is_kept);
    assert_null(fact_of(b, "803", MODEL_ITEM_ACTIVITY, "120"));
    assert_true(member_of(b, "804")->is_unread);
    know(b); /* what was kept is asked for again, the others are as they were read */
    must_read(b);
    assert_false(member_of(b, "802")->is_unread);
    assert_true(member_of(b, "801")->is_unread && member_of(b, "803")->is_unread);
}

static void canvas__lists_all_outcomes_when_one_of_several_has_left(void **state) {
    struct bench *b = *state;
    struct str page;
    str_init(&page, &b->arena, 1 << 16);
    for (int i = 1; i <= 9; i++) {
        str_addf(&page,
                 "%s{\"scores\":[{\"score\":4,\"links\":{\"outcome\":\"61\"}}],\"links\":{\"user\":"
                 "\"80%d\"}}",
                 i == 1 ? "{\"rollups\":[" : ",", i);
    }
    str_add_c(&page, "],\"linked\":{\"outcomes\":[{\"id\":\"61\",\"title\":\"O\"}]}}");
    nothing_new(b);
    nine_people(b, "70");
    reply_body(b, "/outcome_rollups", page.ptr);
    must_read(b);
    know(b);
    nine_people(b, "75");
    reply_body(b, "student_ids[]=801&student_ids[]=802",
               "[" OF("801", "") "," OF("802", "") "," OF("803", "") "]");
    reply_with(b, (struct canned){.url = "user_ids[]=801", .status = 400, .body = "{}"});
    must_read(b);
    assert_dec(fact_of(b, "801", MODEL_ITEM_OUTCOME, "61")->score, "4");
    assert_true(member_of(b, "804")->is_unread);
    assert_null(fact_of(b, "804", MODEL_ITEM_OUTCOME, "61"));
}

static void canvas__passes_over_work_that_is_marked_without_names(void **state) {
    struct bench *b = read_before(state);
    reply_body(b, "graded_since=",
               "[{\"id\":\"5\",\"anonymous_id\":\"Ab3x9\",\"assignment_id\":\"120\"}]");
    must_read(b);
    assert_true(member_of(b, ANA)->is_unread && member_of(b, BEN)->is_unread);
}

/* --- Of those whose work is newest, before the rest. */

static const char ana_news[] = "[" GRADED("120", "8.5", "\"8.5\"") "]";

static struct bench *wait_for_ana(void **state) {
    struct bench *b = read_modules_before(state);
    b->links[0].ref = SV(ANA);
    b->links[1].ref = SV(BEN);
    b->course.scope = GRADES_LATEST;
    reply_body(b, "graded_since=", ana_news);
    reply_body(b, "&user_id=871&per_page=100", "[" ANA_ROW(ANA_GRADES) "]");
    reply_body(b, "student_ids[]=871&grouped=1",
               "[" OF("871", GRADED("120", "8.5", "\"8.5\"")) "]");
    reply_body(b, "/users/871/progress",
               "{\"requirement_count\":2,\"requirement_completed_count\":1,\"completed_at\":null}");
    return b;
}

static size_t fact_count_of(struct bench *b, const char *person) {
    size_t n = 0;
    for (size_t i = 0; i < b->reading.fact_count; i++) {
        n += sv_eq(b->reading.facts[i].person_ref, sv_from(person)) ? 1 : 0;
    }
    return n;
}

/* What is merged of somebody is what a reading of everything would have merged. */
static void canvas__reads_first_all_there_is_of_whose_work_is_newest(void **state) {
    struct bench *b = wait_for_ana(state);
    size_t facts = fact_count_of(b, ANA); /* of everything */
    struct sv mark = member_of(b, ANA)->mark;
    size_t items = b->reading.item_count;
    must_read(b);
    assert_true(b->reading.is_few && b->reading.is_complete && !b->reading.is_partial);
    assert_int_equal(b->reading.member_count, 1);
    assert_false(member_of(b, ANA)->is_unread);
    assert_true(sv_eq(member_of(b, ANA)->mark, mark));
    assert_true(sv_eq(member_of(b, ANA)->sub, SV(ANA_SUB)) && member_of(b, ANA)->is_learner);
    assert_int_equal(b->reading.item_count, items);
    assert_int_equal(b->reading.fact_count, facts);
    assert_int_equal(fact_count_of(b, ANA), facts);
    assert_dec(fact_of(b, ANA, MODEL_ITEM_ACTIVITY, "120")->score, "8.5");
    assert_dec(fact_of(b, ANA, MODEL_ITEM_COURSE_FINAL, "")->score, "88.2");
    assert_dec(fact_of(b, ANA, MODEL_ITEM_OUTCOME, "61")->score, "3.5");
    assert_int_equal(fact_of(b, ANA, MODEL_ITEM_MODULE, "31")->completion,
                     MODEL_COMPLETION_INCOMPLETE);
    assert_int_equal(fact_of(b, ANA, MODEL_ITEM_COURSE_COMPLETION, "")->completion,
                     MODEL_COMPLETION_INCOMPLETE);
    /* course, two of news, work, modules, an outcome, and five of hers */
    assert_int_equal(b->reading.requests, 11);
    assert_int_equal(asked(b, "=all"), 2);
    assert_int_equal(asked(b, "/bulk_user_progress") + asked(b, "872"), 0);
    assert_int_equal(b->reading.link_count, 0);
}

/* The list of all has no word of her now, her own page may not be seen: what is stored stays. */
static void canvas__keeps_what_it_may_not_ask_of_one(void **state) {
    struct bench *b = wait_for_ana(state);
    reply_with(b, (struct canned){.url = "/users/871/progress", .status = 403, .body = "{}"});
    must_read(b);
    assert_true(fact_of(b, ANA, MODEL_ITEM_COURSE_COMPLETION, "")->is_kept);
}

static void canvas__reads_nobody_first_without_newer_work_of_somebody_known(void **state) {
    static const struct {
        const char *name, *news, *read_at;
    } rows[] = {
        {"nothing", "[]", "2027-05-01T00:00:00Z"},
        {"nobody's name",
         "[{\"id\":\"5\",\"anonymous_id\":\"Ab3x9\",\"graded_at\":"
         "\"2027-05-04T11:00:00Z\"}]",
         "2027-05-01T00:00:00Z"},
        {"a stranger",
         "[{\"id\":\"5\",\"user_id\":\"999\",\"graded_at\":\"2027-05-04T11:00:00Z\"}]",
         "2027-05-01T00:00:00Z"},
        {"read since", ana_news, "2027-05-02T10:00:20Z"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench *b = wait_for_ana(state);
        struct model_known *known = ARENA_ARRAY(&b->arena, struct model_known, 2);
        memcpy(known, b->course.known, 2 * sizeof *known);
        assert_true(rfc3339_parse(sv_from(rows[i].read_at), &known[0].read_at));
        b->course.known = known;
        reply_body(b, "graded_since=", rows[i].news);
        must_read(b);
        if (b->reading.member_count > 0 || b->reading.is_complete || b->reading.requests != 3) {
            fail_msg("%s", rows[i].name);
        }
        assert_int_equal(asked(b, "graded_since=2027-05-04T09:59:45Z"), 1);
    }
    struct bench *b = wait_for_ana(state); /* who was read a moment after, perhaps not with it */
    struct model_known *known = ARENA_ARRAY(&b->arena, struct model_known, 2);
    memcpy(known, b->course.known, 2 * sizeof *known);
    assert_true(rfc3339_parse(SV("2027-05-02T10:00:10Z"), &known[0].read_at));
    b->course.known = known;
    must_read(b);
    assert_int_equal(b->reading.member_count, 1);
}

static void canvas__fails_where_the_newest_work_cannot_be_seen(void **state) {
    struct bench *b = wait_for_ana(state);
    reply_with(b, (struct canned){.url = "graded_since=", .status = 403, .body = "{}"});
    assert_false(read_course(b));
    assert_string_equal(b->err.reason, "permission");
    reply_body(b, "graded_since=", "[{\"id\":\"5\",\"user_id\":{}}]");
    assert_false(read_course(b));
    assert_string_equal(b->err.reason, "shape");
}

/* They were read then. */
static void see(struct bench *b, const char *const *ids, size_t count, const char *at) {
    struct model_known *known = ARENA_ARRAY(&b->arena, struct model_known, b->course.known_count);
    memcpy(known, b->course.known, b->course.known_count * sizeof *known);
    for (size_t i = 0; i < b->course.known_count; i++) {
        for (size_t k = 0; k < count; k++) {
            if (sv_eq(known[i].person_ref, sv_from(ids[k]))) {
                assert_true(rfc3339_parse(sv_from(at), &known[i].read_at));
            }
        }
    }
    b->course.known = known;
}

static void canvas__reads_no_more_than_the_newest_few_first(void **state) {
    struct bench *b = *state;
    struct str rows;
    nothing_new(b);
    nine_people(b, "70");
    must_read(b);
    know(b);
    b->course.scope = GRADES_LATEST;
    str_init(&rows, &b->arena, 1 << 16);
    static const int minutes[] = {10, 50, 20, 40, 30, 5, 45, 15, 2}; /* of 801, 802, ... */
    for (int i = 0; i < 9; i++) {
        str_addf(&rows,
                 "%s{\"id\":\"%d\",\"user_id\":\"80%d\",\"graded_at\":\"2027-05-04T11:%02d:00Z\"}",
                 i == 0 ? "[" : ",", i + 1, i + 1, minutes[i]);
    }
    /* handed in: older than the grade, newer than all, and one more piece of somebody's */
    str_add_c(&rows, ",{\"id\":\"21\",\"user_id\":\"805\",\"graded_at\":null,\"submitted_at\":"
                     "\"2027-05-04T11:01:00Z\"},{\"id\":\"22\",\"user_id\":\"809\","
                     "\"graded_at\":\"2027-05-04T11:03:00Z\",\"submitted_at\":"
                     "\"2027-05-04T11:59:00Z\"},{\"id\":\"23\",\"user_id\":\"802\","
                     "\"graded_at\":\"2027-05-04T11:58:00Z\"}]");
    reply_body(b, "graded_since=", rows.ptr);
    for (int i = 1; i <= 9; i++) {
        reply_body(b, sv_c(&b->arena, sv_printf(&b->arena, "user_id=80%d&", i)),
                   sv_c(&b->arena, sv_printf(&b->arena,
                                             "[" ENROLMENT("%d", "80%d", "StudentEnrollment",
                                                           "active", GRADES("70", "1", "null")) "]",
                                             i, i, i, i, i, i)));
    }
    reply_body(b, "&grouped=1",
               "[" OF("802", "") "," OF("804", "") "," OF("805", "") "," OF("807", "") "," //
               OF("809", "") "]");
    must_read(b);
    static const char *const newest[] = {"809", "802", "807", "804", "805"};
    assert_int_equal(b->reading.member_count, ARRAY_LEN(newest));
    for (size_t i = 0; i < ARRAY_LEN(newest); i++) {
        assert_non_null(member_of(b, newest[i]));
        assert_true(has_part(sv_from(b->canvas.urls[3 + i]), newest[i])); /* in this order */
    }
    assert_int_equal(asked(b, "/enrollments?"), 5);
    assert_int_equal(asked(b, "grouped=1"), 1);
    assert_true(b->reading.has_more);
    /* who was read a moment ago comes last, and then nobody waits any more */
    static const char *const rest[] = {"803", "808", "801", "806", "809"};
    see(b, (const char *const[]){"802", "804", "805", "807", "809"}, 5, "2027-05-04T11:59:05Z");
    reply_body(b, "&grouped=1",
               "[" OF("801", "") "," OF("803", "") "," OF("806", "") "," OF("808", "") "," //
               OF("809", "") "]");
    must_read(b);
    assert_int_equal(b->reading.member_count, ARRAY_LEN(rest));
    for (size_t i = 0; i < ARRAY_LEN(rest); i++) {
        assert_true(has_part(sv_from(b->canvas.urls[3 + i]), rest[i]));
    }
    assert_false(b->reading.has_more);
}

static void other_sources__read_nobody_first(void **state) {
    struct bench *b = read_before(state);
    static const enum grades_kind kinds[] = {GRADES_MOODLE, GRADES_AGS};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        b->source.kind = kinds[i];
        b->course.scope = GRADES_LATEST;
        must_read(b);
        assert_true(b->reading.is_few && !b->reading.is_complete);
        assert_int_equal(b->reading.member_count + b->canvas.calls, 0);
    }
}

/* --- A course of 2,000 learners with fifty assignments, all with modules and outcomes. */

#define PEOPLE 2000
#define WORK 50
#define FIRST 5000

struct large {
    struct bench *bench;
    bool has_changed[PEOPLE];
    size_t ids_max; /* in one request */
    size_t requests, largest;
};

static size_t number_after(struct sv url, const char *name, size_t otherwise) {
    struct sv wanted = sv_from(name);
    for (size_t i = 0; i + wanted.len <= url.len; i++) {
        if (sv_starts(sv_skip(url, i), wanted)) {
            return strtoul(sv_skip(url, i + wanted.len).ptr, NULL, 10);
        }
    }
    return otherwise;
}

/* The people a request is about: one page of all, or those it names. */
static size_t people_of(struct large *l, struct sv url, const char *name, size_t *out, bool *more) {
    size_t size = number_after(url, "per_page=", 10);
    size_t page = number_after(url, "&page=", 1);
    struct sv wanted = sv_from(name);
    size_t n = 0;
    for (size_t i = 0; i + wanted.len < url.len; i++) {
        struct sv at = sv_skip(url, i);
        if (sv_starts(at, wanted) && at.ptr[wanted.len] != 'a') {
            out[n++] = number_after(at, name, 0) - FIRST;
        }
    }
    l->ids_max = n > l->ids_max ? n : l->ids_max;
    if (n > 0) {
        *more = n > size;
        return n < size ? n : size;
    }
    for (size_t i = (page - 1) * size; i < page * size && i < PEOPLE; i++) {
        out[n++] = i;
    }
    *more = page * size < PEOPLE;
    return n;
}

static void submissions_add(struct str *s, const struct large *l, size_t person) {
    str_addf(s, "{\"user_id\":\"%zu\",\"submissions\":[", FIRST + person);
    for (size_t w = 0; w < WORK; w++) {
        str_addf(s,
                 "%s{\"id\":\"%zu\",\"assignment_id\":\"%zu\",\"score\":%d,\"grade\":\"7\","
                 "\"workflow_state\":\"graded\",\"posted_at\":\"2027-05-03T10:00:00Z\","
                 "\"body\":\"%0400d\"}",
                 w == 0 ? "" : ",", (FIRST + person) * 100 + w, 100 + w,
                 l->has_changed[person] ? 9 : 7, 0);
    }
    str_add_c(s, "]}");
}

static void person_add(struct str *s, struct sv url, const struct large *l, size_t person) {
    size_t id = FIRST + person;
    int score = l->has_changed[person] ? 92 : 70;
    if (has_part(url, "/enrollments")) {
        str_addf(s,
                 "{\"id\":\"%zu\",\"user_id\":\"%zu\",\"type\":\"StudentEnrollment\","
                 "\"enrollment_state\":\"active\",\"user\":{\"name\":\"P\"},\"grades\":{"
                 "\"current_score\":%d,\"final_score\":%d}}",
                 id, id, score, score);
    } else if (has_part(url, "/bulk_user_progress")) {
        str_addf(s,
                 "{\"id\":\"%zu\",\"progress\":{\"requirement_count\":9,"
                 "\"requirement_completed_count\":%d,\"completed_at\":null}}",
                 id, l->has_changed[person] ? 4 : 3);
    } else if (has_part(url, "/outcome_rollups")) {
        str_addf(s,
                 "{\"scores\":[{\"score\":3,\"links\":{\"outcome\":\"61\"}}],\"links\":{\"user\":"
                 "\"%zu\"}}",
                 id);
    } else {
        submissions_add(s, l, person);
    }
}

static void list_add(struct str *s, struct large *l, struct sv url, const char *name, bool *more) {
    size_t people[PEOPLE];
    size_t n = people_of(l, url, name, people, more);
    bool is_news = has_part(url, "_since=");
    bool is_rollup = has_part(url, "/outcome_rollups");
    str_add_c(s, is_rollup ? "{\"rollups\":[" : "[");
    for (size_t i = 0; i < n && !is_news; i++) {
        str_add_c(s, i == 0 ? "" : ",");
        person_add(s, url, l, people[i]);
    }
    str_add_c(s,
              is_rollup ? "],\"linked\":{\"outcomes\":[{\"id\":\"61\",\"title\":\"O\"}]}}" : "]");
    *more = *more && !is_news;
}

static void work_add(struct str *s) {
    for (size_t w = 0; w < WORK; w++) {
        str_addf(s, "%s" ASSIGNMENT("%zu", "W", "10", "points", ""), w == 0 ? "[" : ",", 100 + w);
    }
    str_add_c(s, "]");
}

static bool large_answer(void *ctx, const struct net_request *q, struct net_response *out,
                         struct arena *a, struct err *err) {
    struct large *l = ctx;
    struct str s;
    bool more = false;
    (void)err;
    str_init(&s, a, (size_t)32 << 20);
    l->requests++;
    if (has_part(q->url, "/courses/lti_context_id:")) {
        str_add_c(&s, COURSE);
    } else if (has_part(q->url, "/assignments?")) {
        work_add(&s);
    } else if (has_part(q->url, "/modules?include")) {
        str_add_c(&s, "[" MODULE "]");
    } else if (has_part(q->url, "/modules?student_id=")) {
        str_add_c(&s, "[{\"id\":\"31\",\"state\":\"started\"}]");
    } else {
        list_add(&s, l, q->url,
                 has_part(q->url, "/outcome_rollups") ? "user_ids[]=" : "student_ids[]=", &more);
    }
    l->largest = s.len > l->largest ? s.len : l->largest;
    *out = (struct net_response){.status = 200, .body = str_sv(&s)};
    if (more) {
        size_t page = number_after(q->url, "&page=", 1);
        struct sv first = q->url;
        for (size_t i = 0; i < q->url.len; i++) {
            first = sv_starts(sv_skip(q->url, i), SV("&page=")) ? sv_head(q->url, i) : first;
        }
        out->headers = ARENA_NEW(a, struct net_header);
        out->headers[0] = (struct net_header){
            SV("Link"), sv_printf(a, "<%.*s&page=%zu>; rel=\"next\"", SV_ARG(first), page + 1)};
        out->header_count = 1;
    }
    return true;
}

static void canvas__reads_twenty_of_two_thousand_in_some_tens_of_requests(void **state) {
    struct bench *b = *state;
    struct large *l = calloc(1, sizeof *l);
    struct model_link *links = ARENA_ARRAY(&b->arena, struct model_link, PEOPLE);
    assert_non_null(l);
    for (size_t i = 0; i < PEOPLE; i++) {
        struct sv ref = sv_printf(&b->arena, "%zu", FIRST + i);
        links[i] = (struct model_link){.sub = ref, .ref = ref};
    }
    b->course.links = links;
    b->course.link_count = PEOPLE;
    b->io.http = (struct lti_http){.fetch = large_answer, .ctx = l};
    must_read(b);
    /* 4 of structure, 20 each of people, progress and outcomes, 100 of submissions, 2000 of modules
     */
    assert_int_equal(l->requests, 4 + 20 + 20 + 20 + 100 + 2000);
    assert_int_equal(b->reading.fact_count, PEOPLE * (WORK + 2 + 1 + 1 + 1));
    assert_true(l->largest < (size_t)1 << 20);
    know(b);
    for (size_t i = 0; i < PEOPLE; i += 100) {
        l->has_changed[i] = true;
    }
    l->requests = 0;
    must_read(b);
    size_t read = 0;
    for (size_t i = 0; i < b->reading.member_count; i++) {
        read += b->reading.members[i].is_unread ? 0 : 1;
    }
    assert_int_equal(read, 20);
    assert_int_equal(b->reading.fact_count, 20 * (WORK + 2 + 1 + 1 + 1));
    /* 4 of structure, 2 of news, 20 of people, 20 of progress, 1 of submissions and of outcomes,
     * 20 of modules */
    assert_int_equal(l->requests, 4 + 2 + 20 + 20 + 1 + 1 + 20);
    for (size_t i = 0; i < PEOPLE; i += 3) { /* more than one request may name */
        l->has_changed[i] = !l->has_changed[i];
    }
    must_read(b);
    assert_true(l->ids_max > 0 && l->ids_max <= 100);
    assert_dec(fact_of(b, "5003", MODEL_ITEM_ACTIVITY, "149")->score, "9");
    free(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(canvas__reads_nothing_of_people_nothing_happened_to, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__reads_again_whom_something_happened_to, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__takes_the_order_of_enrolments_for_no_change, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__takes_an_ungraded_score_away, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__reads_everybody_when_the_way_of_grading_changed,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__reads_whom_it_has_no_mark_of, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__trusts_no_mark_of_what_it_could_not_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__asks_for_modules_of_those_who_got_further_only,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__keeps_modules_of_those_whose_grades_changed_only,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__asks_singly_when_one_of_several_has_left, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__lists_all_outcomes_when_one_of_several_has_left,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__passes_over_work_that_is_marked_without_names,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__reads_first_all_there_is_of_whose_work_is_newest,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__keeps_what_it_may_not_ask_of_one, setup, teardown),
        cmocka_unit_test_setup_teardown(
            canvas__reads_nobody_first_without_newer_work_of_somebody_known, setup, teardown),
        cmocka_unit_test_setup_teardown(canvas__fails_where_the_newest_work_cannot_be_seen, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(canvas__reads_no_more_than_the_newest_few_first, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(other_sources__read_nobody_first, setup, teardown),
        cmocka_unit_test_setup_teardown(
            canvas__reads_twenty_of_two_thousand_in_some_tens_of_requests, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
