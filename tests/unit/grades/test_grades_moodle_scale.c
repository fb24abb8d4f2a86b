/* Who is read when a Moodle course is large, and what happens when not everything can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "moodle_crowd.h"

#define MANY 300

/* A large course, read whole ten minutes ago. */
static struct hall *read_before(void **state) {
    struct hall *h = *state;
    enrol(h, MANY);
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(calls_total(h), MANY);
    assert_int_equal(unread_total(h), 0);
    assert_int_equal(h->reading.fact_count, 5 * MANY); /* two activities, both totals, completion */
    assert_true(h->reading.is_complete && !h->reading.keeps_items);
    later(h, 10);
    return h;
}

static void changes__reads_whose_access_or_grade_moved_and_a_few_in_turn(void **state) {
    struct hall *h = read_before(state);
    h->crowd.people[200].access = h->now / USEC_PER_S - 400;
    h->crowd.people[250].marked_at = h->now / USEC_PER_S - 300;
    h->crowd.people[250].assign = 90;
    hall_must_read(h, GRADES_CHANGES);
    size_t turn = 298 * 10 / 240 + 1;
    assert_int_equal(calls_total(h), 2 + turn);
    assert_int_equal(unread_total(h), MANY - 2 - turn);
    assert_int_equal(h->crowd.reports, 0);
    for (size_t i = 200; i <= 250; i += 50) {
        assert_int_equal(h->crowd.people[i].grades, 1);
        assert_int_equal(h->crowd.people[i].activities, 1);
        assert_int_equal(h->crowd.people[i].courses, 1);
        assert_int_equal(facts_of(h, i), 5);
    }
    assert_dec(fact_in(h, 250, "1")->score, "90");
    assert_true(member_of(h, 299)->is_unread && member_of(h, 299)->is_active);
    assert_int_equal(facts_of(h, 299), 0);
    assert_true(h->reading.is_complete && h->reading.keeps_items);
    assert_int_equal(h->crowd.marked_since,
                     h->now / USEC_PER_S - 600 - 3600); /* clocks may differ */
    assert_int_equal(h->crowd.marked_calls, 1);
}

/* What no sign tells: a quiz graded by hand, a grade hidden in the gradebook. */
static void changes__gives_everybody_a_turn_within_hours(void **state) {
    struct hall *h = read_before(state);
    h->crowd.people[299].quiz = 77;
    h->crowd.people[298].is_hidden = true;
    bool has_seen[MANY] = {false};
    const struct model_fact *graded = NULL;
    const struct model_fact *hidden = NULL;
    for (int i = 0; i < 25; i++) {
        hall_must_read(h, GRADES_CHANGES);
        for (size_t k = 0; k < MANY; k++) {
            has_seen[k] = has_seen[k] || !member_of(h, k)->is_unread;
        }
        graded = graded == NULL ? fact_in(h, 299, "2") : graded;
        hidden = hidden == NULL ? fact_in(h, 298, "2") : hidden;
        assert_true(calls_total(h) < 20);
        later(h, 10);
    }
    for (size_t k = 0; k < MANY; k++) {
        assert_true(has_seen[k]);
    }
    assert_dec(graded->score, "77");
    assert_false(hidden->is_posted);
}

static void changes__bounds_the_turn_after_a_long_pause(void **state) {
    struct hall *h = read_before(state);
    later(h, 600);
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(calls_total(h), MANY / 4 + 1);
}

/* Moodle notes an access once a minute: what follows within it moves nothing. */
static void changes__reads_again_who_was_there_just_then(void **state) {
    struct hall *h = read_before(state);
    h->crowd.people[200].access = h->now / USEC_PER_S - 20;
    hall_must_read(h, GRADES_CHANGES);
    later(h, 10);
    h->crowd.people[200].quiz = 99; /* handed in 30 seconds after the access that was noted */
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(h->crowd.people[200].grades, 1);
    assert_dec(fact_in(h, 200, "2")->score, "99");
    later(h, 10);
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(h->crowd.people[200].grades, 0);
}

static void changes__sees_two_grades_in_one_second(void **state) {
    struct hall *h = read_before(state);
    h->crowd.people[200].marked_at = h->now / USEC_PER_S - 1;
    hall_must_read(h, GRADES_CHANGES);
    h->crowd.people[200].marked = "61.00000"; /* the same second, after it was read */
    later(h, 10);
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(h->crowd.people[200].grades, 1);
    h->crowd.people[200].marked_at = 0; /* and taken back */
    later(h, 10);
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(h->crowd.people[200].grades, 1);
    later(h, 10);
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(h->crowd.people[200].grades, 0);
}

/* An opened attempt without a grade is "-1.00000" there: a sign, never a score. */
static void changes__takes_no_score_from_the_assignments_own_grades(void **state) {
    struct hall *h = read_before(state);
    h->crowd.people[200] = (struct somebody){.is_enrolled = true,
                                             .access = FIRST_GRADED,
                                             .marked_at = h->now / USEC_PER_S - 9,
                                             .marked = "-1.00000",
                                             .assign = -1,
                                             .quiz = -1};
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(h->crowd.people[200].grades, 1);
    assert_false(fact_in(h, 200, "1")->has_score);
}

static void changes__reads_everybody_when_the_course_is_another(void **state) {
    struct hall *h = read_before(state);
    h->crowd.has_new_label = true; /* nobody gets a grade in it */
    hall_must_read(h, GRADES_CHANGES);
    assert_true(calls_total(h) < MANY / 10);
    h->crowd.has_new_quiz = true;
    later(h, 10);
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(calls_total(h), MANY);
    assert_false(h->reading.keeps_items);
    h->crowd.weight = 0.25; /* shows in the reports of those in turn */
    later(h, 10);
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(calls_total(h), MANY);
    later(h, 10);
    hall_must_read(h, GRADES_CHANGES);
    assert_true(calls_total(h) < MANY / 10);
}

/* Hiding a column changes nobody's access and no grade, and yet everybody's result. */
static void changes__reads_everybody_when_a_column_is_hidden_or_shown(void **state) {
    struct hall *h = read_before(state);
    for (int turn = 0; turn < 4; turn++) {
        h->crowd.leaves_hidden_out = turn < 2; /* or told, as to who may see hidden grades */
        for (size_t i = 0; i < MANY; i++) {
            h->crowd.people[i].is_hidden = turn % 2 == 0;
        }
        hall_must_read(h, GRADES_CHANGES);
        assert_int_equal(unread_total(h), 0);
        const struct model_fact *f = fact_in(h, 299, "2");
        assert_int_equal(f != NULL && f->is_posted, turn % 2 == 1);
        later(h, 10);
        hall_must_read(h, GRADES_CHANGES);
        assert_true(calls_total(h) < MANY / 4);
        later(h, 10);
    }
    h->crowd.people[299].access++; /* one grade, of one person: no reason to ask everybody */
    h->crowd.people[299].is_hidden = true;
    hall_must_read(h, GRADES_CHANGES);
    assert_true(calls_total(h) < MANY / 4);
    assert_false(fact_in(h, 299, "2")->is_posted);
}

static void changes__is_not_misled_by_one_persons_weights(void **state) {
    struct hall *h = read_before(state);
    h->crowd.people[0].own_weight = 0.7; /* the lowest is dropped, and that changed */
    h->crowd.people[0].access++;
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(h->crowd.people[0].grades, 1);
    assert_true(calls_total(h) < MANY / 10);
}

static void changes__reads_who_is_new_or_has_a_mark_it_cannot_read(void **state) {
    static const char *const marks[] = {"",
                                        "m0 -- 1 2 3 4 5 6 7",
                                        "m2 --",
                                        "m1 -- 1 1 0 0 0 0 0",
                                        "m2 -- x 1 0 0 0 0 0 0",
                                        "m2 -- 1 1 0 0 0 0 0 0 0",
                                        "m2 -- 1 1 g 0 0 0 0 0",
                                        "m2 -- 1 1 11111111111111111 0 0 0 0 0"};
    struct hall *h = read_before(state);
    enrol(h, MANY + 1);
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        h->known[100 + i].mark = sv_from(marks[i]);
    }
    hall_must_read(h, GRADES_CHANGES);
    assert_int_equal(h->crowd.people[MANY].grades, 1);
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        assert_int_equal(h->crowd.people[100 + i].grades, 1);
    }
}

static void changes__works_without_the_last_access(void **state) {
    struct hall *h = *state;
    enrol(h, MANY);
    for (size_t i = 0; i < MANY; i++) {
        h->crowd.people[i].access = -1;
    }
    hall_must_read(h, GRADES_WHOLE);
    later(h, 10);
    hall_must_read(h, GRADES_CHANGES);
    assert_true(calls_total(h) < MANY / 10);
}

static void changes__leaves_suspended_people_suspended(void **state) {
    struct hall *h = *state;
    enrol(h, MANY);
    h->crowd.people[299].is_suspended = true;
    hall_must_read(h, GRADES_WHOLE);
    assert_false(member_of(h, 299)->is_active);
    later(h, 10);
    hall_must_read(h, GRADES_CHANGES);
    assert_true(member_of(h, 299)->is_unread);
    assert_false(member_of(h, 299)->is_active);
    h->crowd.people[299].is_suspended = false;
    h->crowd.people[299].access = h->now / USEC_PER_S - 1;
    later(h, 10);
    hall_must_read(h, GRADES_CHANGES);
    assert_true(member_of(h, 299)->is_active);
}

static void person__who_cannot_be_read_stays_as_stored_and_is_due_again(void **state) {
    static const struct {
        const char *at;
        int status;
        const char *body;
    } rows[] = {{COURSE, -1, NULL},
                {COURSE, 500, "<html>"},
                {COURSE, 200, "{\"completionstatus\":[]}"},
                {ACTIVITIES, 200, "{\"statuses\":[" STATUS("1", "9") "]}"},
                {GRADES, 200, "{\"usergrades\":[{\"userid\":12"},
                {GRADES, 200, "<html>Fatal error</html>"},
                {GRADES, 200, "{\"usergrades\":[]}"},
                {GRADES, 200, "{\"usergrades\":[{\"userid\":1001,\"gradeitems\":[]}]}"},
                {GRADES, 200, "{\"usergrades\":[{\"userid\":1200}]}"},
                {GRADES, 200, EXCEPTION("moodle_exception", "notingroup")},
                {GRADES, 200, NOT_GRANTED},
                {COURSE, 200, NOT_GRANTED},
                {GRADES, 200, EXCEPTION("dml_missing_record_exception", "invalidrecord")}};
    struct hall *h = read_before(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct somebody *p = &h->crowd.people[200];
        p->access += 7;
        p->quiz = (int)i;
        p->fails = 99;
        p->fails_at = rows[i].at;
        p->fail_status = rows[i].status;
        p->fail_body = rows[i].body;
        hall_must_read(h, GRADES_CHANGES);
        if (!member_of(h, 200)->is_unread || facts_of(h, 200) != 0 || p->grades == 0) {
            fail_msg("row %zu: %zu facts", i, facts_of(h, 200));
        }
        assert_true(h->reading.keeps_items && h->reading.is_complete);
        assert_non_null(memmem(h->reading.missing.ptr, h->reading.missing.len, "1 could not", 11));
        if (rows[i].body != NULL && strstr(rows[i].body, "notingroup") != NULL) { /* what to do */
            assert_non_null(memmem(h->reading.missing.ptr, h->reading.missing.len,
                                   "moodle/site:accessallgroups", 27));
        }
        p->fails = 0;
        later(h, 300); /* the access has not moved since, and old grades are not asked for */
        hall_must_read(h, GRADES_CHANGES);
        assert_false(member_of(h, 200)->is_unread);
        assert_int_equal(h->reading.missing.len, 0);
        char want[16];
        (void)snprintf(want, sizeof want, "%zu", i);
        assert_dec(fact_in(h, 200, "2")->score, want);
        later(h, 10);
    }
}

/* What made them due is by then older than what is asked for. */
static void person__who_could_not_be_read_is_due_until_they_are(void **state) {
    struct hall *h = read_before(state);
    struct somebody *p = &h->crowd.people[200];
    p->marked_at = h->now / USEC_PER_S - 300;
    p->assign = 91;
    p->fails = 99;
    p->fail_status = 500;
    for (int i = 0; i < 2; i++) {
        hall_must_read(h, GRADES_CHANGES);
        assert_true(member_of(h, 200)->is_unread);
        later(h, 120);
    }
    p->fails = 0;
    hall_must_read(h, GRADES_CHANGES);
    assert_false(member_of(h, 200)->is_unread);
    assert_dec(fact_in(h, 200, "1")->score, "91");
}

static void person__is_tried_again_after_a_pause(void **state) {
    struct hall *h = read_before(state);
    struct somebody *p = &h->crowd.people[200];
    *p = (struct somebody){.is_enrolled = true,
                           .access = 5,
                           .quiz = 8,
                           .fails = 2,
                           .fails_at = ACTIVITIES,
                           .fail_status = 503,
                           .fail_body = "busy"};
    h->crowd.retry_after_s = 20;
    hall_must_read(h, GRADES_CHANGES);
    assert_false(member_of(h, 200)->is_unread);
    assert_dec(fact_in(h, 200, "2")->score, "8");
    assert_int_equal(facts_of(h, 200), 5); /* once */
    assert_int_equal(h->crowd.waits, 2);
    assert_int_equal(h->crowd.waited_ms, 40000); /* as the site asked */
    h->crowd.retry_after_s = 0;
    later(h, 10);
    p->access++;
    p->fails = 2;
    hall_must_read(h, GRADES_CHANGES);
    assert_in_range(h->crowd.waited_ms, 500 + 2000, 1000 + 4000);
    p->access++;
    p->fails = 2;
    later(h, 10);
    h->crowd.wont_wait = true; /* the worker is stopping */
    assert_false(hall_read(h, GRADES_CHANGES));
    assert_int_equal(h->err.retry, ERR_RETRY_LATER);
}

static void site__that_goes_down_ends_the_reading_after_a_few_calls(void **state) {
    struct hall *h = read_before(state);
    h->crowd.is_down = true;
    h->crowd.after = 400;
    assert_false(hall_read(h, GRADES_WHOLE));
    assert_string_equal(h->err.reason, "timeout");
    assert_int_equal(h->err.retry, ERR_RETRY_LATER);
    assert_true(h->crowd.calls < 400 + 25);
    assert_int_equal(h->reading.fact_count, 0);
}

static void site__that_revokes_the_token_half_way_gives_nothing(void **state) {
    struct hall *h = read_before(state);
    h->crowd.is_revoked = true;
    h->crowd.after = 400;
    assert_false(hall_read(h, GRADES_WHOLE));
    assert_string_equal(h->err.reason, "invalidtoken");
    assert_int_equal(h->err.code, ERR_DENIED);
    assert_int_equal(h->crowd.calls, 401);
    assert_int_equal(h->reading.member_count, 0);
}

static void site__where_too_many_people_fail_is_not_read(void **state) {
    struct hall *h = read_before(state);
    for (size_t i = 0; i < MANY; i += 5) { /* a fifth, never many in a row */
        h->crowd.people[i].fails = 99;
        h->crowd.people[i].fail_status = 200;
        h->crowd.people[i].fail_body = "{\"usergrades\":7}";
        h->crowd.people[i].fails_at = GRADES;
    }
    assert_false(hall_read(h, GRADES_WHOLE));
    assert_string_equal(h->err.reason, "shape");
    for (size_t i = 0; i < MANY; i += 10) { /* a tenth stays as it was */
        h->crowd.people[i].fails = 0;
    }
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(unread_total(h), MANY / 10);
}

static void site__is_asked_once_for_what_it_does_not_grant(void **state) {
    static const struct {
        const char *function;
        unsigned lost;
        bool is_complete;
        const char *missing; /* NULL: not a word */
    } rows[] = {{GRADES, GRADES_CAN_SCORES | GRADES_CAN_COURSE_TOTAL, false, GRADES},
                {ACTIVITIES, GRADES_CAN_COMPLETION, true, ACTIVITIES},
                {COURSE, GRADES_CAN_COURSE_COMPLETION, true, COURSE},
                {CONTENTS, GRADES_CAN_TITLES, false, CONTENTS},
                {MARKED, 0, true, MARKED},
                {INFO, 0, true, NULL}};
    const unsigned all = GRADES_CAN_MEMBERS | GRADES_CAN_SCORES | GRADES_CAN_COMPLETION |
                         GRADES_CAN_COURSE_COMPLETION | GRADES_CAN_COURSE_TOTAL | GRADES_CAN_TITLES;
    struct hall *h = *state;
    enrol(h, MANY);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        h->crowd.denied[0] = rows[i].function;
        hall_must_read(h, GRADES_WHOLE);
        struct sv missing = h->reading.missing;
        if (h->reading.can != (all & ~rows[i].lost) ||
            h->reading.is_complete != rows[i].is_complete || unread_total(h) != 0 ||
            (rows[i].missing == NULL ? missing.len > 0
                                     : memmem(missing.ptr, missing.len, rows[i].missing,
                                              strlen(rows[i].missing)) == NULL)) {
            fail_msg("%s: %x \"%.*s\"", rows[i].function, h->reading.can, SV_ARG(missing));
        }
        size_t asked = 0;
        for (size_t k = 0; k < MANY; k++) {
            const struct somebody *p = &h->crowd.people[k];
            asked += sv_eq(sv_from(rows[i].function), SV(GRADES))       ? p->grades
                     : sv_eq(sv_from(rows[i].function), SV(ACTIVITIES)) ? p->activities
                     : sv_eq(sv_from(rows[i].function), SV(COURSE))     ? p->courses
                                                                        : 0;
        }
        assert_true(asked <= 2); /* not of one person only */
    }
}

static void small__asks_once_for_all_grades_and_for_completion_where_they_moved(void **state) {
    struct hall *h = *state;
    enrol(h, 200);
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->crowd.reports, 1);
    assert_int_equal(calls_total(h), 0);
    assert_int_equal(h->reading.fact_count, 5 * 200);
    later(h, 10);
    h->crowd.people[150].quiz = 41; /* changed in the gradebook: no other sign */
    h->crowd.people[151].is_hidden = true;
    h->crowd.people[152].access++;
    hall_must_read(h, GRADES_CHANGES);
    size_t turn = 197 * 10 / 240 + 1;
    size_t asked = 0;
    for (size_t i = 0; i < 200; i++) {
        asked += h->crowd.people[i].activities;
    }
    assert_int_equal(asked, 3 + turn);
    assert_int_equal(h->crowd.reports, 1);
    assert_int_equal(calls_total(h), 0);
    assert_int_equal(h->reading.fact_count, 5 * (3 + turn));
    assert_dec(fact_in(h, 150, "2")->score, "41");
    assert_false(fact_in(h, 151, "2")->is_posted);
    assert_int_equal(facts_of(h, 199), 0);
}

/* Everybody's report leaves out those whose enrolment has ended; what they had was graded. */
static void small__asks_alone_for_those_whom_the_report_leaves_out(void **state) {
    struct hall *h = *state;
    enrol(h, 20);
    h->crowd.people[7].is_suspended = h->crowd.people[8].is_suspended = true;
    h->crowd.people[7].quiz = 33;
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->crowd.reports, 1);
    assert_int_equal(calls_total(h), 2);
    assert_int_equal(facts_of(h, 7), 4); /* completion of the course is not told */
    assert_dec(fact_in(h, 7, "2")->score, "33");
    assert_true(fact_in(h, 7, "2")->is_posted);
    assert_false(member_of(h, 7)->is_active);
    h->crowd.people[8].fails = 99;
    h->crowd.people[8].fails_at = GRADES;
    h->crowd.people[8].fail_body = NOT_GRANTED;
    hall_must_read(h, GRADES_WHOLE);
    assert_true(member_of(h, 8)->is_unread); /* not: without any grade */
    assert_int_equal(facts_of(h, 7), 4);
}

static void small__reads_person_by_person_when_all_is_too_much(void **state) {
    struct hall *h = *state;
    enrol(h, 50);
    h->crowd.people[0].is_teacher = true;
    h->crowd.is_report_slow = true;
    h->io.pause = NULL;
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->crowd.reports, 1);
    assert_int_equal(calls_total(h), 49);
    assert_int_equal(h->reading.fact_count, 5 * 49);
    h->crowd.is_report_slow = false;
    enrol(h, 201); /* too many for one */
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->crowd.reports, 1);
    assert_int_equal(calls_total(h), 0);
    h->crowd.people[0].is_teacher = false;
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->crowd.reports, 0);
    assert_int_equal(calls_total(h), 201);
}

/* What was asked for last is answered first: nobody gets anybody else's. */
static void large__takes_answers_in_any_order(void **state) {
    struct hall *h = *state;
    enrol(h, MANY);
    for (size_t i = 0; i < MANY; i++) {
        h->crowd.people[i].assign = (int)(i % 101);
        h->crowd.people[i].quiz = (int)(i % 97);
        h->crowd.people[i].state = (int)(i % 4);
    }
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->crowd.inside_most, 6);
    for (size_t i = 0; i < MANY; i++) {
        char want[16];
        (void)snprintf(want, sizeof want, "%zu", i % 101);
        assert_dec(fact_in(h, i, "1")->score, want);
        (void)snprintf(want, sizeof want, "%zu", i % 97);
        assert_dec(fact_in(h, i, "2")->score, want);
        assert_int_equal(fact_in(h, i, "1")->completion, MODEL_COMPLETION_INCOMPLETE + i % 4);
        assert_int_equal(facts_of(h, i), 5);
    }
    h->io.parallel = 0;
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->crowd.inside_most, 1);
}

/* The first 30 leave after the first page was sent: everybody behind moves up. */
static void leave_some(struct crowd *c, size_t page) {
    for (size_t i = 0; page == 2 && i < 20; i++) {
        c->people[i].is_enrolled = false;
    }
}

static void leave_many(struct crowd *c, size_t page) {
    for (size_t i = 0; page == 2 && i < 30; i++) {
        c->people[i].is_enrolled = false;
    }
}

static void leave_always(struct crowd *c, size_t page) {
    for (size_t i = 0; page > 1 && i < CROWD_MAX; i++) {
        c->people[i].is_enrolled = i >= 30 * page;
    }
}

static void roster__misses_nobody_when_people_leave_between_pages(void **state) {
    struct hall *h = *state;
    enrol(h, 600);
    h->crowd.on_page = leave_some;
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->reading.member_count, 600);
    assert_int_equal(h->crowd.pages, 2);
    for (size_t i = 0; i < 600; i++) {
        h->crowd.people[i].is_enrolled = true;
    }
    h->crowd.on_page = leave_many; /* past the overlap: from the start once more */
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->reading.member_count, 600);
    assert_int_equal(h->crowd.pages, 4);
}

static void roster__gives_up_on_a_list_that_never_rests(void **state) {
    struct hall *h = *state;
    enrol(h, CROWD_MAX);
    h->crowd.on_page = leave_always;
    assert_false(hall_read(h, GRADES_WHOLE));
    assert_string_equal(h->err.reason, "roster_moves");
    assert_int_equal(h->err.retry, ERR_RETRY_LATER);
}

/* Moodle counts a page first and drops whom it may not show then. */
static void roster__does_not_take_a_short_page_for_the_last(void **state) {
    struct hall *h = *state;
    enrol(h, 1100);
    h->crowd.page_cut = 3;
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->reading.member_count, 1100 - 3); /* the overlap shows the others */
    assert_non_null(member_of(h, 1099));
}

static void roster__ends_where_the_site_does_not_page(void **state) {
    struct hall *h = *state;
    enrol(h, 500);
    h->crowd.ignores_paging = true;
    hall_must_read(h, GRADES_WHOLE);
    assert_int_equal(h->reading.member_count, 500);
    assert_int_equal(h->crowd.pages, 2);
}

#define WITH_HALL(test) cmocka_unit_test_setup_teardown(test, hall_open, hall_close)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_HALL(changes__reads_whose_access_or_grade_moved_and_a_few_in_turn),
        WITH_HALL(changes__gives_everybody_a_turn_within_hours),
        WITH_HALL(changes__bounds_the_turn_after_a_long_pause),
        WITH_HALL(changes__reads_again_who_was_there_just_then),
        WITH_HALL(changes__sees_two_grades_in_one_second),
        WITH_HALL(changes__takes_no_score_from_the_assignments_own_grades),
        WITH_HALL(changes__reads_everybody_when_the_course_is_another),
        WITH_HALL(changes__reads_everybody_when_a_column_is_hidden_or_shown),
        WITH_HALL(changes__is_not_misled_by_one_persons_weights),
        WITH_HALL(changes__reads_who_is_new_or_has_a_mark_it_cannot_read),
        WITH_HALL(changes__works_without_the_last_access),
        WITH_HALL(changes__leaves_suspended_people_suspended),
        WITH_HALL(person__who_cannot_be_read_stays_as_stored_and_is_due_again),
        WITH_HALL(person__who_could_not_be_read_is_due_until_they_are),
        WITH_HALL(person__is_tried_again_after_a_pause),
        WITH_HALL(site__that_goes_down_ends_the_reading_after_a_few_calls),
        WITH_HALL(site__that_revokes_the_token_half_way_gives_nothing),
        WITH_HALL(site__where_too_many_people_fail_is_not_read),
        WITH_HALL(site__is_asked_once_for_what_it_does_not_grant),
        WITH_HALL(small__asks_once_for_all_grades_and_for_completion_where_they_moved),
        WITH_HALL(small__asks_alone_for_those_whom_the_report_leaves_out),
        WITH_HALL(small__reads_person_by_person_when_all_is_too_much),
        WITH_HALL(large__takes_answers_in_any_order),
        WITH_HALL(roster__misses_nobody_when_people_leave_between_pages),
        WITH_HALL(roster__gives_up_on_a_list_that_never_rests),
        WITH_HALL(roster__does_not_take_a_short_page_for_the_last),
        WITH_HALL(roster__ends_where_the_site_does_not_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
