/* What a course consists of: activities with their due dates, assignments, its last day; and who
 * has new grades in assignments. */
#include "grades_moodle.h"
#include <stdio.h>

/* Kinds of activity that nobody gets a grade in, so that adding one asks for nobody anew. */
static bool is_mute(struct sv kind) {
    static const char *const kinds[] = {"label",  "page", "url",  "resource",
                                        "folder", "book", "imscp"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (sv_eq(kind, sv_from(kinds[i]))) {
            return true;
        }
    }
    return false;
}

static void assignment_add(struct moodle_read *m, const json_t *instance) {
    int64_t id = moodle_number(instance, 0);
    if (id <= 0) {
        return;
    }
    if (m->assignment_count == m->assignment_cap) {
        size_t cap = m->assignment_cap + 64;
        m->assignments =
            arena_grow(m->build.arena, m->assignments, m->assignment_cap * sizeof *m->assignments,
                       cap * sizeof *m->assignments);
        m->assignment_cap = cap;
    }
    m->assignments[m->assignment_count++] = id;
}

/* The day by which something is due, of the dates Moodle shows; older releases say only in the
 * user's language which is which. */
static bool due_take(const json_t *dates, struct model_item *item) {
    static const char *const names[] = {"duedate", "timeclose", "deadline", "timeavailableto",
                                        "assessmentend"};
    bool is_told = true;
    for (size_t i = 0; i < json_array_size(dates); i++) {
        const json_t *date = json_array_get(dates, i);
        struct sv name = js_sv(json_object_get(date, "dataid"));
        is_told = is_told && name.len > 0;
        if (json_object_get(date, "relativeto") != NULL) {
            continue; /* of one's own beginning, not a day */
        }
        for (size_t k = 0; k < ARRAY_LEN(names); k++) {
            item->due_at = sv_eq(name, sv_from(names[k]))
                               ? moodle_time(json_object_get(date, "timestamp"))
                               : item->due_at;
        }
    }
    return is_told;
}

static bool module_take(struct moodle_read *m, const json_t *module, struct err *err) {
    struct arena *a = m->build.arena;
    struct sv cmid;
    struct sv instance;
    size_t index = 0;
    if (!moodle_id(json_object_get(module, "id"), a, &cmid)) {
        return moodle_shape(MOODLE_CONTENTS, err);
    }
    if (!grades_build_item(&m->build, MODEL_ITEM_ACTIVITY, cmid, &index, err)) {
        return false;
    }
    struct model_item *item = &m->build.out->items[index];
    struct sv kind = js_sv(json_object_get(module, "modname"));
    int64_t tracking = moodle_number(json_object_get(module, "completion"), 0);
    item->title = moodle_plain(a, js_sv(json_object_get(module, "name")));
    item->has_completion = tracking > 0;
    if (moodle_id(json_object_get(module, "instance"), a, &instance)) {
        grades_index_put(&m->modules, sv_printf(a, "%.*s:%.*s", SV_ARG(kind), SV_ARG(instance)),
                         index);
    }
    bool is_assignment = sv_eq(kind, SV("assign"));
    if (!due_take(json_object_get(module, "dates"), item) && is_assignment) {
        m->wants_due_dates = true;
    }
    if (is_assignment) {
        assignment_add(m, json_object_get(module, "instance"));
    }
    bool is_open = moodle_number(json_object_get(module, "uservisible"), 1) != 0;
    m->hides_activities = m->hides_activities || (tracking > 0 && !is_open);
    m->gradable += is_mute(kind) ? 0 : 1;
    if (tracking > 0 || !is_mute(kind)) {
        m->course_digest =
            moodle_digest(m->course_digest,
                          sv_printf(a, "%.*s %.*s %d", SV_ARG(cmid), SV_ARG(kind), (int)tracking));
    }
    return true;
}

bool moodle_contents_take(struct moodle_read *m, const json_t *reply, struct err *err) {
    if (!json_is_array(reply)) {
        return moodle_shape(MOODLE_CONTENTS, err);
    }
    for (size_t i = 0; i < json_array_size(reply); i++) {
        const json_t *modules = NULL;
        if (!js_array(json_array_get(reply, i), "modules", &modules)) {
            return moodle_shape(MOODLE_CONTENTS, err);
        }
        for (size_t k = 0; k < json_array_size(modules); k++) {
            if (!module_take(m, json_array_get(modules, k), err)) {
                return false;
            }
        }
    }
    return true;
}

bool moodle_info_take(struct moodle_read *m, const json_t *reply, struct err *err) {
    const json_t *courses = NULL;
    if (!js_array(reply, "courses", &courses)) {
        return moodle_shape(MOODLE_INFO, err);
    }
    for (size_t i = 0; i < json_array_size(courses); i++) {
        const json_t *course = json_array_get(courses, i);
        struct sv id;
        if (moodle_id(json_object_get(course, "id"), m->build.arena, &id) &&
            sv_eq(id, m->course->ref)) {
            m->build.out->ends_at = moodle_time(json_object_get(course, "enddate"));
        }
    }
    return true;
}

/* Where the list of activities says too little: what is an assignment, and when it is due. */
static bool assignment_take(struct moodle_read *m, const json_t *row, struct err *err) {
    bool has_contents = (m->build.out->can & GRADES_CAN_TITLES) != 0;
    struct sv cmid;
    size_t index = 0;
    if (!moodle_id(json_object_get(row, "cmid"), m->build.arena, &cmid)) {
        return moodle_shape(MOODLE_ASSIGNMENTS, err);
    }
    if (!grades_build_item(&m->build, MODEL_ITEM_ACTIVITY, cmid, &index, err)) {
        return false;
    }
    struct model_item *item = &m->build.out->items[index];
    item->due_at = moodle_time(json_object_get(row, "duedate"));
    if (!has_contents) {
        item->title = moodle_plain(m->build.arena, js_sv(json_object_get(row, "name")));
        assignment_add(m, json_object_get(row, "id"));
    }
    return true;
}

bool moodle_assignments_take(struct moodle_read *m, const json_t *reply, struct err *err) {
    const json_t *courses = NULL;
    if (!js_array(reply, "courses", &courses)) {
        return moodle_shape(MOODLE_ASSIGNMENTS, err);
    }
    for (size_t i = 0; i < json_array_size(courses); i++) {
        const json_t *rows = NULL;
        if (!js_array(json_array_get(courses, i), "assignments", &rows)) {
            return moodle_shape(MOODLE_ASSIGNMENTS, err);
        }
        for (size_t k = 0; k < json_array_size(rows); k++) {
            if (!assignment_take(m, json_array_get(rows, k), err)) {
                return false;
            }
        }
    }
    return true;
}

static bool marked_row_take(struct moodle_read *m, int64_t assignment, const json_t *row) {
    struct sv ref;
    size_t person = 0;
    int64_t at = moodle_number(json_object_get(row, "timemodified"), -1);
    if (!moodle_id(json_object_get(row, "userid"), m->scratch, &ref) || at < 0) {
        return false;
    }
    if (at < m->marked_since || !grades_index_find(&m->build.members, ref, &person)) {
        return true;
    }
    char text[96];
    struct dec grade = {0}; /* "-1.00000": not graded yet; a sign like any other, never a score */
    char plain[DEC_TEXT_MAX];
    bool has_grade = js_decimal(json_object_get(row, "grade"), &grade);
    int n = snprintf(text, sizeof text, "%lld %lld %s", (long long)assignment,
                     (long long)moodle_number(json_object_get(row, "attemptnumber"), 0),
                     has_grade ? dec_format(grade, plain) : "-");
    struct moodle_sign *sign = &m->persons[person].sign;
    if (at > sign->marked_at) {
        sign->marked_at = at;
        sign->marked = 0;
    }
    if (at == sign->marked_at) { /* in any order */
        sign->marked ^= moodle_digest(MOODLE_DIGEST, sv_of(text, (size_t)n));
    }
    return true;
}

bool moodle_marked_take(struct moodle_read *m, const json_t *assignment, struct err *err) {
    int64_t id = moodle_number(json_object_get(assignment, "assignmentid"), -1);
    const json_t *rows = NULL;
    arena_reset(m->scratch);
    if (id < 0 || !js_array(assignment, "grades", &rows)) {
        return moodle_shape(MOODLE_MARKED, err);
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (!marked_row_take(m, id, json_array_get(rows, i))) {
            return moodle_shape(MOODLE_MARKED, err);
        }
    }
    return true;
}
