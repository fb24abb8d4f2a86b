#include "grades_moodle.h"
#include <stdlib.h>

#define ROSTER_TRIES 3
#define ASSIGNMENTS_PER_CALL 100
#define MARKED_ROWS_MAX                                                                            \
    50000 /* that a call may bring, if all were graded just now: 140 bytes each */
#define WINDOW_S                                                                                   \
    3600 /* grades of assignments are asked for from so long before the last reading               \
          */

/* A page of everybody enrolled; only the fields that are used, since Moodle works for each. */
static bool page_read(struct moodle_read *m, size_t from, struct moodle_page *page,
                      struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *reply = NULL;
    const struct moodle_param params[] = {
        {"courseid", m->course->ref},
        {"options[0][name]", SV("limitfrom")},
        {"options[0][value]", sv_printf(&scratch, "%zu", from)},
        {"options[1][name]", SV("limitnumber")},
        {"options[1][value]", sv_printf(&scratch, "%d", MOODLE_PAGE)},
        {"options[2][name]", SV("userfields")},
        {"options[2][value]", SV("id,fullname,email,idnumber,roles,lastaccess,lastcourseaccess")},
    };
    const struct moodle_ask ask = {.function = MOODLE_PEOPLE,
                                   .effort = MOODLE_LIST,
                                   .params = params,
                                   .count = ARRAY_LEN(params)};
    return moodle_call(&m->link, &ask, &scratch, &reply, err) &&
           moodle_people_take(m, reply, page, err);
}

/* Pages overlap: when somebody leaves between two of them, the rest moves up, and without an
 * overlap whoever crossed the edge would look gone. Moodle drops people it may not show after
 * counting the page, so one that is a little short is not the last. */
static bool pages_read(struct moodle_read *m, bool is_first, bool *is_whole, struct err *err) {
    struct sv before = {0};
    *is_whole = true;
    for (size_t from = 0; from < GRADES_MEMBERS_MAX; from += MOODLE_PAGE - MOODLE_OVERLAP) {
        struct moodle_page page;
        if (!page_read(m, from, &page, err)) {
            return false;
        }
        if (from > 0 && page.count > 0 && page.shared == 0) {
            *is_whole = false; /* it has moved by more than the overlap */
            return true;
        }
        bool is_circle = from > 0 && (sv_eq(page.first, before) || (is_first && page.fresh == 0));
        if (page.count <= MOODLE_PAGE / 2 || page.count > MOODLE_PAGE || is_circle) {
            return true;
        }
        before = page.first;
    }
    return true;
}

static bool people_read(struct moodle_read *m, struct err *err) {
    for (int i = 0; i < ROSTER_TRIES; i++) {
        bool is_whole = false;
        if (!pages_read(m, i == 0, &is_whole, err)) {
            return false;
        }
        if (is_whole) {
            return true;
        }
    }
    (void)err_because(err, ERR_UPSTREAM, "roster_moves",
                      "people come and go while Moodle's list of participants is read");
    return err_retry_as(err, ERR_RETRY_LATER);
}

static bool contents_read(struct moodle_read *m, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *reply = NULL;
    const struct moodle_param params[] = {
        {"courseid", m->course->ref},
        {"options[0][name]", SV("excludecontents")}, /* the files inside are not needed */
        {"options[0][value]", SV("1")},
    };
    const struct moodle_ask ask = {.function = MOODLE_CONTENTS,
                                   .effort = MOODLE_LIST,
                                   .params = params,
                                   .count = ARRAY_LEN(params)};
    return moodle_call(&m->link, &ask, &scratch, &reply, err) &&
           moodle_contents_take(m, reply, err);
}

static bool info_read(struct moodle_read *m, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *reply = NULL;
    const struct moodle_param params[] = {{"field", SV("id")}, {"value", m->course->ref}};
    const struct moodle_ask ask = {.function = MOODLE_INFO,
                                   .effort = MOODLE_SHORT,
                                   .params = params,
                                   .count = ARRAY_LEN(params)};
    return moodle_call(&m->link, &ask, &scratch, &reply, err) && moodle_info_take(m, reply, err);
}

static bool assignments_read(struct moodle_read *m, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *reply = NULL;
    const struct moodle_param params[] = {
        {"courseids[0]", m->course->ref},
        {"includenotenrolledcourses", SV("1")}, /* the service's account is in no course */
    };
    const struct moodle_ask ask = {.function = MOODLE_ASSIGNMENTS,
                                   .effort = MOODLE_LIST,
                                   .params = params,
                                   .count = ARRAY_LEN(params)};
    return moodle_call(&m->link, &ask, &scratch, &reply, err) &&
           moodle_assignments_take(m, reply, err);
}

/* New grades of these assignments, everybody's in one call. */
static bool marked_call(struct moodle_read *m, const int64_t *ids, size_t count, struct err *err) {
    AUTO_ARENA scratch = {0};
    struct moodle_param *params = ARENA_ARRAY(&scratch, struct moodle_param, count + 1);
    for (size_t i = 0; i < count; i++) {
        params[i] = (struct moodle_param){arena_printf(&scratch, "assignmentids[%zu]", i),
                                          sv_printf(&scratch, "%lld", (long long)ids[i])};
    }
    params[count] =
        (struct moodle_param){"since", sv_printf(&scratch, "%lld", (long long)m->marked_since)};
    const struct moodle_ask ask = {
        .function = MOODLE_MARKED, .effort = MOODLE_LIST, .params = params, .count = count + 1};
    struct js_rows rows;
    if (!moodle_call_rows(&m->link, &ask, "assignments", &scratch, &rows, err)) {
        return false;
    }
    for (;;) {
        AUTO_JSON *row = NULL;
        if (!moodle_row_next(&rows, &row, err)) {
            return false;
        }
        if (row == NULL) {
            return true;
        }
        if (!moodle_marked_take(m, row, err)) {
            return false;
        }
    }
}

static bool marked_read(struct moodle_read *m, struct err *err) {
    size_t most = MARKED_ROWS_MAX / (m->build.out->member_count + 1) + 1;
    most = most < ASSIGNMENTS_PER_CALL ? most : ASSIGNMENTS_PER_CALL;
    for (size_t from = 0; from < m->assignment_count; from += most) {
        size_t left = m->assignment_count - from;
        size_t count = left < most ? left : most;
        if (!marked_call(m, m->assignments + from, count, err)) {
            return false;
        }
    }
    return true;
}

/* Everybody's grades in one call. */
static bool report_read(struct moodle_read *m, bool knows_people, struct err *err) {
    AUTO_ARENA scratch = {0};
    const struct moodle_param params[] = {{"courseid", m->course->ref}, {"userid", SV("0")}};
    const struct moodle_ask ask = {.function = MOODLE_GRADES,
                                   .effort = MOODLE_REPORT,
                                   .params = params,
                                   .count = ARRAY_LEN(params)};
    struct js_rows rows;
    if (!moodle_call_rows(&m->link, &ask, "usergrades", &scratch, &rows, err)) {
        return false;
    }
    for (;;) {
        AUTO_JSON *row = NULL;
        struct sv ref;
        if (!moodle_row_next(&rows, &row, err)) {
            return false;
        }
        if (row == NULL) {
            return true;
        }
        if (!moodle_grades_take(m, row, knows_people, &ref, err)) {
            return false;
        }
    }
}

/* Run a part that a site may not grant: then say so (missing may be NULL) and go on. */
static bool part(struct moodle_read *m, bool is_read, const struct err *fail, unsigned can,
                 const char *missing, struct err *err) {
    if (is_read) {
        m->build.out->can |= can;
        return true;
    }
    if (moodle_is_not_granted(fail)) {
        if (missing != NULL) {
            grades_build_missing(&m->build, missing);
        }
        return true;
    }
    *err = err->code == ERR_NONE ? *fail : *err;
    return false;
}

/* Activities that neither have a grade nor keep completion (labels, pages) say nothing about
 * anybody. */
static void drop_mute_items(struct grades_reading *out, struct arena *a) {
    size_t *moved = ARENA_ARRAY(a, size_t, out->item_count + 1);
    bool *is_used = ARENA_ARRAY(a, bool, out->item_count + 1);
    for (size_t i = 0; i < out->fact_count; i++) {
        is_used[out->facts[i].item_index] = true;
    }
    size_t kept = 0;
    for (size_t i = 0; i < out->item_count; i++) {
        const struct model_item *item = &out->items[i];
        if (is_used[i] || item->has_maximum || item->has_completion) {
            moved[i] = kept;
            out->items[kept++] = *item;
        }
    }
    out->item_count = kept;
    for (size_t i = 0; i < out->fact_count; i++) {
        out->facts[i].item_index = moved[out->facts[i].item_index];
    }
}

/* What was taken of people who turned out not to need it, or could not be read to the end. */
static void drop_unread_facts(struct moodle_read *m) {
    struct grades_reading *out = m->build.out;
    size_t kept = 0;
    size_t person = 0;
    for (size_t i = 0; i < out->fact_count; i++) {
        struct sv ref = out->facts[i].person_ref;
        if (!sv_eq(ref, out->members[person].person_ref)) {
            bool is_listed = grades_index_find(&m->build.members, ref, &person);
            person = is_listed ? person : 0;
        }
        if (!out->members[person].is_unread) {
            out->facts[kept++] = out->facts[i];
        }
    }
    out->fact_count = kept;
}

/* Completion is not granted (any more): what is known of it stays. Grades of one person lie
 * together. */
static bool completion_keep(struct moodle_read *m, struct err *err) {
    struct grades_reading *out = m->build.out;
    for (size_t i = 0; i < out->member_count; i++) {
        if (!out->members[i].is_learner || out->members[i].is_unread) {
            continue;
        }
        for (size_t f = m->persons[i].from; f < m->persons[i].to; f++) {
            m->cells[out->facts[f].item_index] = (struct moodle_cell){.person = i + 1, .fact = f};
        }
        for (size_t k = 0; k < out->item_count; k++) {
            struct model_fact *fact = NULL;
            if (!out->items[k].has_completion || out->items[k].kind != MODEL_ITEM_ACTIVITY) {
                continue;
            }
            if (!moodle_fact(m, i, k, &fact, err)) {
                return false;
            }
            fact->completion = MODEL_COMPLETION_AS_STORED;
        }
    }
    return true;
}

static int by_ref(const void *key, const void *row) {
    return sv_cmp(*(const struct sv *)key, ((const struct model_known *)row)->person_ref);
}

/* What was known of everybody, and what is seen now. */
static void recall(struct moodle_read *m) {
    const struct grades_course *course = m->course;
    for (size_t i = 0; i < m->build.out->member_count; i++) {
        struct moodle_person *p = &m->persons[i];
        p->sign.course = m->course_digest;
        p->known = course->known_count == 0
                       ? NULL
                       : bsearch(&m->build.out->members[i].person_ref, course->known,
                                 course->known_count, sizeof *course->known, by_ref);
        p->has_before = p->known != NULL && moodle_sign_parse(p->known->mark, &p->before);
    }
}

/* The few who could not be read stay as they were; more than that is no reading. */
static bool crew_judge(struct moodle_read *m, const struct moodle_crew *crew, struct err *err) {
    size_t few = (crew->read + crew->failed) / 10;
    if (crew->failed > 0 && (crew->read == 0 || crew->failed > (few < 1 ? 1 : few))) {
        *err = err->code == ERR_NONE ? crew->last : *err;
        return false;
    }
    if (crew->failed > 0) {
        grades_build_missing(
            &m->build, arena_printf(m->build.arena,
                                    "%zu could not be read this time and stay as they were: %s.",
                                    crew->failed, crew->last.text));
    }
    return true;
}

static bool persons_read(struct moodle_read *m, bool asks_grades, struct err *err) {
    AUTO_ARENA a = {0};
    struct moodle_crew crew = {.m = m};
    crew.words[MOODLE_OWN_GRADES] = asks_grades ? MOODLE_UNTRIED : MOODLE_REFUSED;
    size_t *list = NULL;
    size_t count = 0;
    recall(m);
    moodle_plan(m, &a, &list, &count);
    if (!moodle_crew_read(&crew, list, count, err)) {
        return false;
    }
    if (moodle_plan_is_moved(m, list, count)) {
        moodle_plan_rest(m, list, &count);
        if (!moodle_crew_read(&crew, list, count, err)) {
            return false;
        }
    }
    return crew_judge(m, &crew, err);
}

static size_t learner_count(const struct grades_reading *out) {
    size_t n = 0;
    for (size_t i = 0; i < out->member_count; i++) {
        n += out->members[i].is_learner ? 1 : 0;
    }
    return n;
}

/* What is asked once for the course. */
static bool frame_read(struct moodle_read *m, bool *has_people, struct err *err) {
    struct err people = {0};
    struct err contents = {0};
    struct err info = {0};
    *has_people = people_read(m, &people);
    if (!part(m, *has_people, &people, GRADES_CAN_MEMBERS,
              "The list of participants is not granted (" MOODLE_PEOPLE
              "); people are taken from the grades.",
              err)) {
        return false;
    }
    return part(m, contents_read(m, &contents), &contents, GRADES_CAN_TITLES,
                "The list of activities is not granted (" MOODLE_CONTENTS ").", err) &&
           part(m, info_read(m, &info), &info, 0, NULL, err);
}

/* Due dates where the activities did not say them, and signs of new grades. */
static bool assignments_frame_read(struct moodle_read *m, struct err *err) {
    struct err assignments = {0};
    struct err marked = {0};
    bool is_wanted = m->wants_due_dates || (m->build.out->can & GRADES_CAN_TITLES) == 0;
    return (!is_wanted || part(m, assignments_read(m, &assignments), &assignments, 0, NULL, err)) &&
           part(m, marked_read(m, &marked), &marked, 0,
                "New grades of assignments are not granted (" MOODLE_MARKED
                "); they are noticed hours later.",
                err);
}

static bool course_read(struct moodle_read *m, struct err *err) {
    struct grades_reading *out = m->build.out;
    struct err grades = {0};
    bool has_people = false;
    if (!frame_read(m, &has_people, err) || !assignments_frame_read(m, err)) {
        return false;
    }
    size_t learners = learner_count(out);
    bool at_once = !has_people || (learners <= MOODLE_ALL_AT_ONCE &&
                                   learners * m->gradable <= MOODLE_ROWS_AT_ONCE);
    if (at_once) {
        bool is_read = report_read(m, has_people, &grades);
        /* Too much after all: person by person it will do. */
        at_once = is_read || !has_people ||
                  (strcmp(grades.reason, "timeout") != 0 && strcmp(grades.reason, "size") != 0);
        if (at_once && !part(m, is_read, &grades, GRADES_CAN_SCORES,
                             "Grades are not granted (" MOODLE_GRADES ").", err)) {
            return false;
        }
        m->has_report = is_read;
    }
    if (!has_people && (out->can & GRADES_CAN_SCORES) == 0) { /* nobody to ask about */
        return moodle_nothing_granted(grades.reason, err);
    }
    return persons_read(m, !at_once, err);
}

static bool is_anybody_unread(const struct grades_reading *out) {
    for (size_t i = 0; i < out->member_count; i++) {
        if (out->members[i].is_unread) {
            return true;
        }
    }
    return false;
}

/* Grades of assignments since then tell who is to be read; Moodle's clock is not ours. */
static int64_t window_start(const struct grades_course *course, usec_t began) {
    bool is_known = course->scope == GRADES_CHANGES && course->since > 0 && course->since < began;
    int64_t from = (is_known ? course->since : began) / USEC_PER_S - WINDOW_S;
    return from < 0 ? 0 : from;
}

/* What the course's user report is set to, beside what the token may. */
static void settings_judge(struct moodle_read *m) {
    if (m->hides_grades) {
        m->build.out->can &= ~(unsigned)(GRADES_CAN_SCORES | GRADES_CAN_COURSE_TOTAL);
        grades_build_missing(&m->build,
                             "The course's user report does not show grades: switch on Show grades "
                             "under Grades, Setup, Course grade settings.");
    }
    if (m->hides_activities) {
        grades_build_missing(&m->build,
                             "Some activities are not open to the token's account, so their "
                             "completion is not read: give its role "
                             "moodle/course:ignoreavailabilityrestrictions and "
                             "moodle/course:viewhiddenactivities.");
    }
    if (m->hides_maxima) {
        grades_build_missing(&m->build,
                             "The course's user report does not say out of how much grades are: "
                             "switch on Show ranges under Grades, Setup, Course grade settings.");
    }
    if (m->is_stale) {
        grades_build_missing(&m->build,
                             "Moodle has not worked out all grades, which stay as they were: open "
                             "the course's gradebook, and mend calculations that show an error.");
    }
    if (m->hides_final) {
        grades_build_missing(
            &m->build,
            "The course total is no sum of points and leaves out what has no grade yet, so final "
            "totals of learners with grades missing cannot be told: switch off Exclude empty "
            "grades and show weightings, or have rules ask for the current total.");
    }
    if (m->shows_hidden) {
        grades_build_missing(
            &m->build, "Course totals with grades in them that learners do not see are left "
                       "out: take moodle/grade:viewhidden from the account's role, and Moodle "
                       "works totals out as learners see them.");
    }
}

bool grades_moodle_read(const struct grades_source *source, const struct grades_course *course,
                        const struct grades_io *io, struct grades_reading *out, struct err *err) {
    AUTO_ARENA scratch = {0};
    usec_t began = clock_now(&io->clock);
    struct moodle_read m = {.link = {.source = source, .io = io},
                            .scratch = &scratch,
                            .course = course,
                            .began = began,
                            .course_digest = MOODLE_DIGEST};
    if (!moodle_course_check(course, err)) {
        return false;
    }
    m.marked_since = window_start(course, began);
    grades_build_init(&m.build, GRADES_MOODLE, io->arena, out);
    grades_index_init(&m.modules, io->arena);
    m.cells = ARENA_ARRAY(io->arena, struct moodle_cell, GRADES_ITEMS_MAX);
    if (!course_read(&m, err)) {
        return false;
    }
    settings_judge(&m);
    if ((out->can & GRADES_CAN_COMPLETION) == 0 && !completion_keep(&m, err)) {
        return false;
    }
    const unsigned whole = GRADES_CAN_MEMBERS | GRADES_CAN_TITLES | GRADES_CAN_SCORES;
    drop_unread_facts(&m);
    drop_mute_items(out, io->arena);
    grades_build_finish(&m.build);
    out->is_complete = (out->can & whole) == whole;
    bool has_list = (out->can & GRADES_CAN_TITLES) != 0;
    out->keeps_items = !has_list || is_anybody_unread(out) || m.hides_maxima;
    out->course_ref = sv_copy(io->arena, course->ref);
    out->requests = m.link.requests;
    out->bytes = m.link.bytes;
    out->read_at = began;
    return true;
}
