/* Completion of activities and of the course. A failed activity counts as complete for old Moodles
 * (4.1 marks the course complete with it); it does not here (moodle.md 7 "Failing students"). */
#include "grades_moodle.h"

#define CRITERION_ACTIVITY 4
#define AGGREGATE_ANY 2

static bool is_true(const json_t *value) { return moodle_number(value, 0) == 1; }

static bool activity_take(struct moodle_read *m, const json_t *row, size_t person,
                          struct err *err) {
    static const enum model_completion states[] = {
        MODEL_COMPLETION_INCOMPLETE, MODEL_COMPLETION_COMPLETE, MODEL_COMPLETION_PASSED,
        MODEL_COMPLETION_FAILED,
        MODEL_COMPLETION_FAILED}; /* 4: failed, and the grade is hidden (4.3 and newer) */
    int64_t cmid = moodle_number(json_object_get(row, "cmid"), -1);
    int64_t state = moodle_number(json_object_get(row, "state"), -1);
    if (!json_is_object(row) || cmid < 0 || state < 0 || state >= (int64_t)ARRAY_LEN(states)) {
        return moodle_shape(MOODLE_ACTIVITIES, err);
    }
    size_t index = 0;
    struct sv ref = sv_printf(m->scratch, "%lld", (long long)cmid);
    if (!grades_build_item(&m->build, MODEL_ITEM_ACTIVITY, ref, &index, err)) {
        return false;
    }
    struct model_item *item = &m->build.out->items[index];
    item->has_completion = true;
    if (item->title.len == 0) { /* contents are not granted */
        struct sv kind = sv_clip_utf8(js_sv(json_object_get(row, "modname")), 100);
        item->title = sv_printf(m->build.arena, "%.*s %.*s", SV_ARG(kind), SV_ARG(ref));
    }
    if (json_is_false(json_object_get(row, "istrackeduser"))) {
        return true; /* says nothing about this person */
    }
    struct model_fact *fact = NULL;
    if (!moodle_fact(m, person, index, &fact, err)) {
        return false;
    }
    fact->completion = states[state];
    fact->completed_at = state == 0 ? 0 : moodle_time(json_object_get(row, "timecompleted"));
    return true;
}

bool moodle_activities_take(struct moodle_read *m, const json_t *reply, size_t person,
                            struct err *err) {
    const json_t *rows = NULL;
    if (!js_array(reply, "statuses", &rows) || rows == NULL) {
        return moodle_shape(MOODLE_ACTIVITIES, err);
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (!activity_take(m, json_array_get(rows, i), person, err)) {
            return false;
        }
    }
    return true;
}

/* The course module a criterion is about, from the link in its description. */
static bool criterion_cmid(const json_t *criterion, struct arena *a, struct sv *cmid) {
    static const struct sv mark = {"view.php?id=", 12};
    struct sv html = js_sv(json_object_get(json_object_get(criterion, "details"), "criteria"));
    for (size_t i = 0; i < html.len; i++) {
        struct sv rest = sv_skip(html, i);
        if (!sv_starts(rest, mark)) {
            continue;
        }
        rest = sv_skip(rest, mark.len);
        size_t n = 0;
        while (n < rest.len && rest.ptr[n] >= '0' && rest.ptr[n] <= '9') {
            n++;
        }
        *cmid = sv_copy(a, sv_head(rest, n));
        return n > 0;
    }
    return false;
}

static enum model_completion activity_state(const struct moodle_read *m, size_t person,
                                            size_t index) {
    const struct moodle_cell *cell = &m->cells[index];
    /* Without completion it is what a pass mark says. */
    bool is_there = cell->person == person + 1 && m->build.out->items[index].has_completion;
    return is_there ? m->build.out->facts[cell->fact].completion : MODEL_COMPLETION_UNKNOWN;
}

static bool any_activity_failed(const struct moodle_read *m, size_t person) {
    for (size_t i = 0; i < m->build.out->item_count; i++) {
        if (activity_state(m, person, i) == MODEL_COMPLETION_FAILED) {
            return true;
        }
    }
    return false;
}

struct verdict {
    bool is_unjudged; /* an activity's state is not known */
    bool is_failed;
    bool is_short;    /* something required is not there */
    bool has_genuine; /* at least one criterion is met and not failed */
    usec_t completed_at;
};

/* Which activities are required cannot be told: none of this person's may be failed, and without
 * any states nothing is said. */
static void judge_blind(const struct moodle_read *m, size_t person, bool is_complete,
                        struct verdict *v) {
    bool has_states = (m->build.out->can & GRADES_CAN_COMPLETION) != 0;
    v->is_unjudged = v->is_unjudged || !has_states;
    v->is_failed = v->is_failed || any_activity_failed(m, person);
    v->is_short = v->is_short || !is_complete || !has_states;
    v->has_genuine = v->has_genuine || (is_complete && has_states && !v->is_failed);
}

static void criterion_judge(const struct moodle_read *m, const json_t *criterion, size_t person,
                            struct verdict *v) {
    bool is_complete = is_true(json_object_get(criterion, "complete"));
    usec_t at = moodle_time(json_object_get(criterion, "timecompleted"));
    v->completed_at = at > v->completed_at ? at : v->completed_at;
    if (moodle_number(json_object_get(criterion, "type"), 0) != CRITERION_ACTIVITY) {
        v->is_short = v->is_short || !is_complete;
        v->has_genuine = v->has_genuine || is_complete;
        return;
    }
    AUTO_ARENA scratch = {0};
    struct sv cmid;
    size_t index = 0;
    if (!criterion_cmid(criterion, &scratch, &cmid) ||
        !grades_index_find(&m->build.items,
                           sv_printf(&scratch, "%d:%.*s", (int)MODEL_ITEM_ACTIVITY, SV_ARG(cmid)),
                           &index)) {
        judge_blind(m, person, is_complete, v);
        return;
    }
    enum model_completion state = activity_state(m, person, index);
    bool is_met = state == MODEL_COMPLETION_COMPLETE || state == MODEL_COMPLETION_PASSED;
    v->is_failed = v->is_failed || state == MODEL_COMPLETION_FAILED;
    v->is_unjudged = v->is_unjudged || state == MODEL_COMPLETION_UNKNOWN;
    v->is_short = v->is_short || !is_met;
    v->has_genuine = v->has_genuine || is_met;
}

static enum model_completion verdict_state(const struct verdict *v, bool is_flagged, bool is_any) {
    if (!is_flagged) {
        return MODEL_COMPLETION_INCOMPLETE;
    }
    if (is_any ? v->has_genuine : !v->is_short && !v->is_failed) {
        return MODEL_COMPLETION_COMPLETE;
    }
    if (v->is_failed) {
        return MODEL_COMPLETION_FAILED;
    }
    return v->is_unjudged ? MODEL_COMPLETION_UNKNOWN : MODEL_COMPLETION_INCOMPLETE;
}

bool moodle_course_take(struct moodle_read *m, const json_t *reply, size_t person,
                        struct err *err) {
    const json_t *status = NULL;
    const json_t *criteria = NULL;
    if (!js_object(reply, "completionstatus", &status) || status == NULL ||
        !js_array(status, "completions", &criteria)) {
        return moodle_shape(MOODLE_COURSE, err);
    }
    struct verdict v = {0};
    for (size_t i = 0; i < json_array_size(criteria); i++) {
        criterion_judge(m, json_array_get(criteria, i), person, &v);
    }
    if (json_array_size(criteria) == 0) {
        judge_blind(m, person, true, &v);
    }
    size_t index = 0;
    struct model_fact *fact = NULL;
    if (!grades_build_item(&m->build, MODEL_ITEM_COURSE_COMPLETION, sv_of(NULL, 0), &index, err) ||
        !moodle_fact(m, person, index, &fact, err)) {
        return false;
    }
    m->build.out->items[index].title = SV("Course completion");
    m->build.out->items[index].has_completion = true;
    bool is_any = moodle_number(json_object_get(status, "aggregation"), 1) == AGGREGATE_ANY;
    fact->completion = verdict_state(&v, is_true(json_object_get(status, "completed")), is_any);
    fact->is_kept = fact->completion == MODEL_COMPLETION_UNKNOWN;
    bool is_done = fact->completion == MODEL_COMPLETION_COMPLETE;
    fact->completed_at = is_done ? v.completed_at : 0;
    return true;
}
