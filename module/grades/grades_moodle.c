#include "grades_moodle.h"

static struct sv int_text(struct arena *a, size_t n) { return sv_printf(a, "%zu", n); }

/* Everybody enrolled, by pages; only the fields that are used, since Moodle works for each. */
static bool people_read(struct moodle_read *m, struct sv course, struct err *err) {
    for (size_t from = 0;; from += MOODLE_PAGE) {
        AUTO_ARENA scratch = {0};
        const struct moodle_param params[] = {
            {"courseid", course},
            {"options[0][name]", SV("limitfrom")},
            {"options[0][value]", int_text(&scratch, from)},
            {"options[1][name]", SV("limitnumber")},
            {"options[1][value]", int_text(&scratch, MOODLE_PAGE)},
            {"options[2][name]", SV("userfields")},
            {"options[2][value]", SV("id,fullname,email,idnumber,roles")},
        };
        AUTO_JSON *reply = NULL;
        size_t before = m->build.out->member_count;
        size_t count = 0;
        if (!moodle_call(&m->link, MOODLE_PEOPLE, params, ARRAY_LEN(params), &scratch, &reply,
                         err) ||
            !moodle_people_take(m, reply, &count, err)) {
            return false;
        }
        /* The last page, or a server that pages in a circle. */
        if (count < MOODLE_PAGE || m->build.out->member_count == before) {
            return true;
        }
    }
}

static bool contents_read(struct moodle_read *m, struct sv course, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *reply = NULL;
    const struct moodle_param params[] = {
        {"courseid", course},
        {"options[0][name]", SV("excludecontents")}, /* the files inside are not needed */
        {"options[0][value]", SV("1")},
    };
    return moodle_call(&m->link, MOODLE_CONTENTS, params, ARRAY_LEN(params), &scratch, &reply,
                       err) &&
           moodle_contents_take(m, reply, err);
}

static bool grades_of(struct moodle_read *m, struct sv course, struct sv user, bool knows_people,
                      struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *reply = NULL;
    const struct moodle_param params[] = {{"courseid", course}, {"userid", user}};
    return moodle_call(&m->link, MOODLE_GRADES, params, ARRAY_LEN(params), &scratch, &reply, err) &&
           moodle_grades_take(m, reply, knows_people, err);
}

/* Run a part that a site may not grant: then say so and go on. */
static bool part(struct moodle_read *m, bool is_read, const struct err *fail, unsigned can,
                 const char *missing, struct err *err) {
    if (is_read) {
        m->build.out->can |= can;
        return true;
    }
    if (moodle_is_not_granted(fail)) {
        grades_build_missing(&m->build, missing);
        return true;
    }
    if (err->code == ERR_NONE) {
        *err = *fail;
    }
    return false;
}

static bool is_person_gone(const struct err *err) {
    return strcmp(err->reason, "usernotenroled") == 0 ||
           strcmp(err->reason, "usernotenrolled") == 0 ||
           strcmp(err->reason, "usernottracked") == 0 || strcmp(err->reason, "invaliduser") == 0;
}

static bool has_no_completion(const struct err *err) {
    return err->code == ERR_NOT_FOUND && !is_person_gone(err) &&
           strcmp(err->reason, "invalidrecord") != 0;
}

/* What is still worth asking for each person. */
struct pending {
    bool grades, activities, course;
};

static bool completion_read(struct moodle_read *m, struct sv course, size_t person,
                            struct pending *left, struct err *err) {
    const struct moodle_param params[] = {{"courseid", course},
                                          {"userid", m->build.out->members[person].person_ref}};
    if (left->activities) {
        AUTO_ARENA scratch = {0};
        AUTO_JSON *reply = NULL;
        struct err fail = {0};
        bool is_read = moodle_call(&m->link, MOODLE_ACTIVITIES, params, ARRAY_LEN(params), &scratch,
                                   &reply, &fail) &&
                       moodle_activities_take(m, reply, person, &fail);
        left->activities = is_read || is_person_gone(&fail);
        if (!is_person_gone(&fail) && !has_no_completion(&fail) &&
            !part(m, is_read, &fail, GRADES_CAN_COMPLETION,
                  "Completion of activities is not granted (" MOODLE_ACTIVITIES
                  "); without it completion of the course cannot be judged.",
                  err)) {
            return false;
        }
    }
    if (!left->course) {
        return true;
    }
    AUTO_ARENA scratch = {0};
    AUTO_JSON *reply = NULL;
    struct err fail = {0};
    bool is_read =
        moodle_call(&m->link, MOODLE_COURSE, params, ARRAY_LEN(params), &scratch, &reply, &fail) &&
        moodle_course_take(m, reply, person, &fail);
    if (is_person_gone(&fail)) { /* listed, but with no active enrolment */
        m->build.out->members[person].is_active = false;
        return true;
    }
    left->course = is_read;
    return has_no_completion(&fail) ||
           part(m, is_read, &fail, GRADES_CAN_COURSE_COMPLETION,
                "Completion of the course is not granted (" MOODLE_COURSE ").", err);
}

static bool person_read(struct moodle_read *m, struct sv course, size_t person,
                        struct pending *left, struct err *err) {
    struct grades_reading *out = m->build.out;
    moodle_persons_reserve(m);
    const struct moodle_person *notes = &m->persons[person];
    for (size_t i = notes->from; i < notes->to; i++) { /* so that completion finds its row */
        m->marks[out->facts[i].item_index] = (struct moodle_mark){.person = person + 1, .fact = i};
    }
    if (left->grades) {
        struct err fail = {0};
        bool is_read = grades_of(m, course, out->members[person].person_ref, true, &fail);
        left->grades = is_read || is_person_gone(&fail);
        if (!is_person_gone(&fail) && !part(m, is_read, &fail, GRADES_CAN_SCORES,
                                            "Grades are not granted (" MOODLE_GRADES ").", err)) {
            return false;
        }
    }
    return completion_read(m, course, person, left, err);
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

static bool persons_read(struct moodle_read *m, struct sv course, bool asks_grades,
                         struct err *err) {
    struct grades_reading *out = m->build.out;
    struct pending left = {.grades = asks_grades, .activities = true, .course = true};
    for (size_t i = 0; i < out->member_count; i++) {
        bool is_anything_left = left.grades || left.activities || left.course;
        if (is_anything_left && out->members[i].is_learner &&
            !person_read(m, course, i, &left, err)) {
            return false;
        }
    }
    return true;
}

static bool course_read(struct moodle_read *m, struct sv course, struct err *err) {
    struct err people = {0};
    struct err contents = {0};
    struct err grades = {0};
    struct grades_reading *out = m->build.out;
    bool has_people = people_read(m, course, &people);
    if (!part(m, has_people, &people, GRADES_CAN_MEMBERS,
              "The list of participants is not granted (" MOODLE_PEOPLE
              "); people are taken from the grades.",
              err) ||
        !part(m, contents_read(m, course, &contents), &contents, GRADES_CAN_TITLES,
              "The list of activities is not granted (" MOODLE_CONTENTS ").", err)) {
        return false;
    }
    bool at_once = !has_people || out->member_count <= MOODLE_ALL_AT_ONCE;
    if (at_once && !part(m, grades_of(m, course, SV("0"), has_people, &grades), &grades,
                         GRADES_CAN_SCORES, "Grades are not granted (" MOODLE_GRADES ").", err)) {
        return false;
    }
    if (!has_people && (out->can & GRADES_CAN_SCORES) == 0) {
        *err = err->code == ERR_NONE ? people : *err;
        return false; /* nobody to ask about */
    }
    return persons_read(m, course, !at_once, err);
}

bool grades_moodle_read(const struct grades_source *source, const struct grades_course *course,
                        const struct grades_io *io, struct grades_reading *out, struct err *err) {
    struct moodle_read m = {.link = {.source = source, .io = io}};
    if (!moodle_course_check(course, err)) {
        return false;
    }
    grades_build_init(&m.build, GRADES_MOODLE, io->arena, out);
    grades_index_init(&m.modules, io->arena);
    m.marks = ARENA_ARRAY(io->arena, struct moodle_mark, GRADES_ITEMS_MAX);
    if (!course_read(&m, course->ref, err)) {
        return false;
    }
    const unsigned whole = GRADES_CAN_MEMBERS | GRADES_CAN_TITLES | GRADES_CAN_SCORES;
    drop_mute_items(out, io->arena);
    grades_build_finish(&m.build);
    out->is_complete = (out->can & whole) == whole;
    out->requests = m.link.requests;
    out->bytes = m.link.bytes;
    out->read_at = clock_now(&io->clock);
    return true;
}
