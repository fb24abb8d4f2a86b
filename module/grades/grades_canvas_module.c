/* Modules with requirements, and how far each learner is in them and in the course. */
#include "grades_canvas.h"

static bool requirement_count(void *ctx, const json_t *row, struct sv key, struct err *err) {
    size_t *count = ctx;
    (void)key;
    (void)err;
    *count += json_is_object(json_object_get(row, "completion_requirement")) ? 1 : 0;
    return true;
}

/* The items come along with the module, unless there are too many or the token's scopes keep
 * include[] away (lti.md 11.1). */
static bool requirements_of(struct canvas_read *r, const json_t *row, struct sv module,
                            size_t *count, struct err *err) {
    AUTO_ARENA scratch = {0};
    const json_t *items = NULL;
    *count = 0;
    if (!js_array(row, "items", &items)) {
        return canvas_shape("the modules", err);
    }
    if (items != NULL) {
        for (size_t i = 0; i < json_array_size(items); i++) {
            (void)requirement_count(count, json_array_get(items, i), module, err);
        }
        return true;
    }
    const struct canvas_list list = {
        .url = canvas_url(&r->link, &scratch, "/api/v1/courses/%.*s/modules/%.*s/items?per_page=%d",
                          SV_ARG(r->course), SV_ARG(module), CANVAS_PAGE),
        .what = "the items of a module",
        .key = "id",
        .take = requirement_count,
        .ctx = count};
    return canvas_walk(&r->link, &list, err);
}

/* Canvas calls a module without requirements completed by everybody: such a one says nothing. */
static bool module_take(void *ctx, const json_t *row, struct sv key, struct err *err) {
    struct canvas_read *r = ctx;
    size_t requirements = 0;
    size_t item = 0;
    if (!requirements_of(r, row, key, &requirements, err)) {
        return false;
    }
    if (requirements == 0) {
        return true;
    }
    if (!grades_build_item(&r->build, MODEL_ITEM_MODULE, key, &item, err)) {
        return false;
    }
    r->build.out->items[item].title = canvas_text(row, "name", r->build.arena);
    r->build.out->items[item].has_completion = true;
    if (!json_is_false(json_object_get(row, "published"))) {
        grades_index_put(&r->modules, r->build.out->items[item].ref, item);
        r->module_count++;
    }
    return true;
}

bool canvas_modules_read(struct canvas_read *r, struct err *err) {
    AUTO_ARENA scratch = {0};
    const struct canvas_list list = {
        .url = canvas_url(&r->link, &scratch,
                          "/api/v1/courses/%.*s/modules?include[]=items&per_page=%d",
                          SV_ARG(r->course), CANVAS_PAGE),
        .what = "the modules",
        .key = "id",
        .take = module_take,
        .ctx = r};
    return canvas_walk(&r->link, &list, err);
}

static bool progress_note(struct canvas_user *user, const json_t *progress, struct err *err) {
    if (!json_is_object(progress) || json_object_get(progress, "error") != NULL) {
        return true; /* not one who makes progress here */
    }
    bool has_required = false;
    bool has_done = false;
    struct dec required;
    struct dec done;
    if (!canvas_number(progress, "requirement_count", &has_required, &required) ||
        !canvas_number(progress, "requirement_completed_count", &has_done, &done)) {
        return canvas_shape("the course progress", err);
    }
    if (!has_required || !has_done) {
        return true; /* says nothing of them */
    }
    user->required = (int64_t)dec_to_double(required);
    user->done = (int64_t)dec_to_double(done);
    user->has_progress = true;
    user->completed_at = canvas_time(json_object_get(progress, "completed_at"));
    return true;
}

static bool progress_take(void *ctx, const json_t *row, struct sv key, struct err *err) {
    struct canvas_read *r = ctx;
    struct canvas_user *user = canvas_user_find(r, key);
    if (user == NULL || !canvas_user_counts(user) || user->has_progress) {
        return true;
    }
    return progress_note(user, json_object_get(row, "progress"), err);
}

/* The list of all leaves out whose enrolment has concluded. They make no progress any more, so a
 * reading of changes does not ask again. */
static bool single_read(struct canvas_read *r, struct canvas_user *user, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *progress = NULL;
    struct net_response response;
    struct err fail = {0};
    if (!user->is_active && user->known != NULL && user->known->steps != 0) {
        user->has_same_steps = true;
        return true;
    }
    struct sv url = canvas_url(&r->link, &scratch, "/api/v1/courses/%.*s/users/%.*s/progress",
                               SV_ARG(r->course), SV_ARG(user->id));
    if (canvas_get(&r->link, url, "the course progress", &scratch, &response, &progress, &fail)) {
        return progress_note(user, progress, err);
    }
    if (canvas_is_denied(&fail) || fail.code == ERR_NOT_FOUND) {
        return true;
    }
    *err = err->code == ERR_NONE ? fail : *err;
    return false;
}

/* Instead of a list an error comes (lti.md 11.2), with one status or another. */
static bool is_not_module_based(const struct err *err) {
    return strcmp(err->reason, "http_400") == 0 || strcmp(err->reason, "error") == 0;
}

bool canvas_progress_read(struct canvas_read *r, struct err *err) {
    AUTO_ARENA scratch = {0};
    struct err fail = {0};
    size_t item = 0;
    const struct canvas_list list = {
        .url = canvas_url(&r->link, &scratch, "/api/v1/courses/%.*s/bulk_user_progress?per_page=%d",
                          SV_ARG(r->course), CANVAS_PAGE),
        .what = "the course progress",
        .key = "id",
        .take = progress_take,
        .ctx = r};
    if (r->module_count == 0) {
        return true; /* such a course has no completion */
    }
    /* Of a few each is asked about. */
    if (r->asked->scope != GRADES_LATEST && !canvas_walk(&r->link, &list, &fail)) {
        /* With status 200 it may be another error as well: what is stored stays. */
        r->build.out->untold |=
            strcmp(fail.reason, "error") == 0 ? 1u << MODEL_ITEM_COURSE_COMPLETION : 0;
        *err = err->code == ERR_NONE && !is_not_module_based(&fail) ? fail : *err;
        return is_not_module_based(&fail);
    }
    if (!grades_build_item(&r->build, MODEL_ITEM_COURSE_COMPLETION, sv_of(NULL, 0), &item, err)) {
        return false;
    }
    r->build.out->items[item].title = SV("Course completion");
    r->build.out->items[item].has_completion = true;
    for (size_t i = 0; i < r->user_count; i++) {
        struct canvas_user *user = &r->users[i];
        if (canvas_user_counts(user) && !user->has_progress && !single_read(r, user, err)) {
            return false;
        }
        canvas_steps_compare(user);
    }
    return true;
}

struct state_of {
    struct canvas_read *r;
    const struct canvas_user *user;
};

static bool state_put(struct canvas_read *r, const struct canvas_user *user, size_t item,
                      bool is_complete, usec_t at, struct err *err) {
    struct model_fact *fact = NULL;
    if (!canvas_fact(r, user, item, &fact, err)) {
        return false;
    }
    fact->completion = is_complete ? MODEL_COMPLETION_COMPLETE : MODEL_COMPLETION_INCOMPLETE;
    fact->completed_at = is_complete ? at : 0;
    return true;
}

static bool state_take(void *ctx, const json_t *row, struct sv key, struct err *err) {
    const struct state_of *s = ctx;
    size_t item = 0;
    struct sv state = js_sv(json_object_get(row, "state"));
    if (!grades_index_find(&s->r->modules, key, &item) || state.len == 0) {
        return true; /* without requirements, or not open to this learner */
    }
    return state_put(s->r, s->user, item, sv_eq(state, SV("completed")),
                     canvas_time(json_object_get(row, "completed_at")), err);
}

/* Canvas tells the state of modules for one learner at a time only. */
static bool states_read(struct canvas_read *r, const struct canvas_user *user, struct err *err) {
    AUTO_ARENA scratch = {0};
    struct state_of of = {.r = r, .user = user};
    const struct canvas_list list = {
        .url = canvas_url(&r->link, &scratch,
                          "/api/v1/courses/%.*s/modules?student_id=%.*s&per_page=%d",
                          SV_ARG(r->course), SV_ARG(user->id), CANVAS_PAGE),
        .what = "the modules of a learner",
        .key = "id",
        .take = state_take,
        .ctx = &of};
    return canvas_walk(&r->link, &list, err);
}

static bool states_none(struct canvas_read *r, const struct canvas_user *user, struct err *err) {
    for (size_t i = 0; i < r->build.out->item_count; i++) {
        size_t item = 0;
        bool is_module = r->build.out->items[i].kind == MODEL_ITEM_MODULE &&
                         grades_index_find(&r->modules, r->build.out->items[i].ref, &item);
        if (is_module && !state_put(r, user, i, false, 0, err)) {
            return false;
        }
    }
    return true;
}

/* Canvas tells no module states of those whose enrolment has concluded, or who left a moment ago;
 * of everybody, and so of the first, where the token may not see any. */
static bool is_about_one(const struct canvas_user *user, bool has_any, const struct err *fail) {
    return fail->code == ERR_NOT_FOUND || (canvas_is_denied(fail) && (has_any || !user->is_active));
}

bool canvas_module_states_read(struct canvas_read *r, struct err *err) {
    bool has_any = false;
    for (size_t i = 0; i < r->user_count && r->module_count > 0; i++) {
        struct canvas_user *user = &r->users[i];
        if (!user->is_states_due) {
            continue;
        }
        if (user->has_progress && user->done == 0) { /* nothing met: no need to ask */
            if (!states_none(r, user, err)) {
                return false;
            }
            continue;
        }
        struct err fail = {0};
        if (states_read(r, user, &fail)) {
            has_any = true;
            continue;
        }
        if (!is_about_one(user, has_any, &fail)) {
            *err = err->code == ERR_NONE ? fail : *err;
            return false;
        }
        user->has_gap = user->has_gap || user->is_active;
        if (!canvas_keep(r, user, MODEL_ITEM_MODULE, err)) {
            return false;
        }
    }
    return true;
}
