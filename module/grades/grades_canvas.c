#include "grades_canvas.h"

bool canvas_fact(struct canvas_read *r, const struct canvas_user *user, size_t item,
                 struct model_fact **out, struct err *err) {
    return grades_build_fact(&r->build, r->build.out->members[user->member].person_ref, item, out,
                             err);
}

void canvas_untold(struct canvas_read *r, unsigned kinds, const char *missing) {
    r->build.out->untold |= kinds;
    grades_build_missing(&r->build, missing);
}

bool canvas_keep(struct canvas_read *r, const struct canvas_user *user, enum model_item_kind kind,
                 struct err *err) {
    for (size_t i = 0; i < r->build.out->item_count; i++) {
        struct model_fact *fact = NULL;
        if (r->build.out->items[i].kind != kind) {
            continue;
        }
        if (!canvas_fact(r, user, i, &fact, err)) {
            return false;
        }
        fact->is_kept = true;
    }
    return true;
}

/* What a right to see something is good for. */
struct part {
    unsigned can;   /* grades_can */
    unsigned kinds; /* bits 1 << model_item_kind: nothing is told of these without it */
    const char *missing;
};
static const struct part assignments = {
    .can = GRADES_CAN_TITLES,
    .missing = "Assignments are not granted (url:GET|/api/v1/courses/:course_id/assignments)."};
static const struct part submissions = {
    .can = GRADES_CAN_SCORES,
    .missing = "Submissions are not granted "
               "(url:GET|/api/v1/courses/:course_id/students/submissions)."};
static const struct part modules = {
    .kinds = 1u << MODEL_ITEM_MODULE | 1u << MODEL_ITEM_COURSE_COMPLETION,
    .missing = "Modules are not granted (url:GET|/api/v1/courses/:course_id/modules and "
               ".../modules/:module_id/items)."};
static const struct part progress = {
    .can = GRADES_CAN_COURSE_COMPLETION,
    .kinds = 1u << MODEL_ITEM_COURSE_COMPLETION,
    .missing = "Progress in the course is not granted "
               "(url:GET|/api/v1/courses/:course_id/bulk_user_progress)."};
static const struct part states = {.can = GRADES_CAN_COMPLETION,
                                   .kinds = 1u << MODEL_ITEM_MODULE,
                                   .missing = "The modules of a learner are not granted."};
static const struct part outcomes = {
    .kinds = 1u << MODEL_ITEM_OUTCOME,
    .missing = "Outcomes are not granted (url:GET|/api/v1/courses/:course_id/outcome_rollups)."};

/* A part that the token may not see, or that is hidden from it beside the grades, is said and left
 * out; anything else ends the reading. */
static bool take(struct canvas_read *r, const struct part *part, bool is_read,
                 const struct err *fail, struct err *err) {
    if (is_read) {
        r->build.out->can |= part->can;
        return true;
    }
    bool is_hidden = fail->code == ERR_NOT_FOUND && part->kinds != 0; /* lti.md 11.3 */
    if (canvas_is_denied(fail) || is_hidden) {
        canvas_untold(r, part->kinds, part->missing);
        return true;
    }
    *err = err->code == ERR_NONE ? *fail : *err;
    return false;
}

static bool work_part(struct canvas_read *r, struct err *err) {
    struct err no_list = {0};
    struct err no_rows = {0};
    bool has_work = canvas_work_read(r, &no_list);
    canvas_changes_begin(r);
    if (!take(r, &assignments, has_work, &no_list, err)) {
        return false;
    }
    return !has_work || take(r, &submissions,
                             canvas_news_read(r, &no_rows) && canvas_submissions_read(r, &no_rows),
                             &no_rows, err);
}

static bool module_part(struct canvas_read *r, struct err *err) {
    struct err no_list = {0};
    struct err no_progress = {0};
    struct err no_states = {0};
    bool has_modules = canvas_modules_read(r, &no_list);
    if (!take(r, &modules, has_modules, &no_list, err)) {
        return false;
    }
    if (!has_modules || r->module_count == 0) {
        return true;
    }
    return take(r, &progress, canvas_progress_read(r, &no_progress), &no_progress, err) &&
           take(r, &states, canvas_module_states_read(r, &no_states), &no_states, err);
}

static bool outcome_part(struct canvas_read *r, struct err *err) {
    struct err fail = {0};
    bool is_read = canvas_outcomes_read(r, &fail);
    return take(r, &outcomes, is_read, &fail, err);
}

static void init(struct canvas_read *r, const struct grades_source *source,
                 const struct grades_course *course, const struct grades_io *io,
                 struct grades_reading *out) {
    *r = (struct canvas_read){.link = {.source = source, .io = io}, .asked = course};
    r->link.started_at = clock_now(&io->clock);
    grades_build_init(&r->build, GRADES_CANVAS, io->arena, out);
    grades_index_init(&r->user_index, io->arena);
    grades_index_init(&r->work, io->arena);
    grades_index_init(&r->modules, io->arena);
    grades_index_init(&r->hidden, io->arena);
}

bool grades_canvas_read(const struct grades_source *source, const struct grades_course *course,
                        const struct grades_io *io, struct grades_reading *out, struct err *err) {
    struct canvas_read r;
    init(&r, source, course, io, out);
    out->is_few = course->scope == GRADES_LATEST;
    if (!canvas_course_read(&r, err) ||
        (course->scope == GRADES_WHOLE && !canvas_scale_read(&r, err)) ||
        !(out->is_few ? canvas_latest_read(&r, err) : canvas_people_read(&r, err))) {
        return false;
    }
    bool is_nobody = out->is_few && r.user_count == 0;
    if (!is_nobody &&
        (!canvas_people_match(&r, err) || !work_part(&r, err) || !module_part(&r, err) ||
         !outcome_part(&r, err) || !canvas_people_put(&r, err))) {
        return false;
    }
    const unsigned whole = GRADES_CAN_MEMBERS | GRADES_CAN_TITLES | GRADES_CAN_SCORES;
    grades_build_finish(&r.build);
    out->is_complete = (out->can & whole) == whole;
    out->requests = r.link.requests;
    out->bytes = r.link.bytes;
    out->read_at = clock_now(&io->clock);
    return true;
}
