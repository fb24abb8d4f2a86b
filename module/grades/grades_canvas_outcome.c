/* Outcomes: mastered or not, by the roll-up that Canvas computes (lti.md 11.2). A roll-up counts
 * grades that are not posted; it is taken as posted where no such grade of the learner is part of
 * it (attacks.md F15). */
#include "grades_canvas.h"

#define QUERY "include[]=outcomes&include[]=outcomes.alignments&per_page="
#define ASK_AT_ONCE 50

struct outcome {
    size_t item;
    bool knows_work; /* which assignments assess it */
    struct sv *work;
    size_t work_count;
};

struct outcomes {
    struct canvas_read *r;
    struct grades_index index; /* outcome's id to `all` */
    struct outcome *all;
    size_t count, cap;
};

static struct outcome *outcome_make(struct outcomes *o, struct sv id) {
    if (o->count == o->cap) {
        size_t cap = o->cap == 0 ? 32 : 2 * o->cap;
        struct outcome *more = ARENA_ARRAY(o->r->build.arena, struct outcome, cap);
        if (o->count > 0) {
            memcpy(more, o->all, o->count * sizeof *more);
        }
        o->all = more;
        o->cap = cap;
    }
    grades_index_put(&o->index, id, o->count);
    o->all[o->count] = (struct outcome){0};
    return &o->all[o->count++];
}

/* "assignment_120"; whatever else assesses it cannot be told by its grades. */
static void work_take(struct outcome *outcome, const json_t *alignments, struct arena *a) {
    size_t n = json_array_size(alignments);
    outcome->knows_work = json_is_array(alignments);
    outcome->work = ARENA_ARRAY(a, struct sv, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct sv name = js_sv(json_array_get(alignments, i));
        if (sv_starts(name, SV("assignment_"))) {
            outcome->work[outcome->work_count++] = sv_copy(a, sv_skip(name, 11));
        } else {
            outcome->knows_work = false;
        }
    }
}

static bool outcome_take(struct outcomes *o, const json_t *row, struct err *err) {
    struct canvas_read *r = o->r;
    struct arena *a = r->build.arena;
    struct sv id;
    struct dec mastery;
    struct dec points;
    bool has_mastery = false;
    bool has_points = false;
    size_t known = 0;
    size_t index = 0;
    if (!canvas_id(json_object_get(row, "id"), a, &id) ||
        !canvas_number(row, "mastery_points", &has_mastery, &mastery) ||
        !canvas_number(row, "points_possible", &has_points, &points)) {
        return canvas_shape("the outcomes", err);
    }
    if (grades_index_find(&o->index, id, &known)) {
        return true; /* every page lists them */
    }
    if (!grades_build_item(&r->build, MODEL_ITEM_OUTCOME, id, &index, err)) {
        return false;
    }
    struct model_item *item = &r->build.out->items[index];
    struct sv title = canvas_text(row, "display_name", a);
    item->title = title.len > 0 ? title : canvas_text(row, "title", a);
    item->has_maximum = has_points;
    item->maximum = points;
    item->has_pass_mark = has_mastery;
    item->pass_mark = mastery;
    struct outcome *outcome = outcome_make(o, id);
    outcome->item = index;
    work_take(outcome, json_object_get(row, "alignments"), a);
    return true;
}

static bool page_take(void *ctx, const json_t *page, struct err *err) {
    const json_t *rows = NULL;
    if (!js_array(json_object_get(page, "linked"), "outcomes", &rows)) {
        return canvas_shape("the outcomes", err);
    }
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (!outcome_take(ctx, json_array_get(rows, i), err)) {
            return false;
        }
    }
    return true;
}

static bool is_posted(const struct canvas_read *r, const struct canvas_user *user,
                      const struct outcome *outcome) {
    AUTO_ARENA scratch = {0};
    if (!user->has_hidden || !outcome->knows_work) {
        return !user->has_hidden;
    }
    for (size_t i = 0; i < outcome->work_count; i++) {
        size_t found = 0;
        if (grades_index_find(
                &r->hidden,
                sv_printf(&scratch, "%.*s:%.*s", SV_ARG(user->id), SV_ARG(outcome->work[i])),
                &found)) {
            return false;
        }
    }
    return true;
}

static bool score_take(struct outcomes *o, const struct canvas_user *user, const json_t *row,
                       struct grades_index *seen, struct arena *scratch, struct err *err) {
    struct sv id;
    struct dec score;
    bool has_score = false;
    size_t index = 0;
    struct model_fact *fact = NULL;
    const json_t *links = json_object_get(row, "links");
    if (!canvas_number(row, "score", &has_score, &score) ||
        !canvas_id(json_object_get(links, "outcome"), scratch, &id)) {
        return canvas_shape("the outcomes", err);
    }
    if (!has_score || grades_index_find(seen, id, &index) ||
        !grades_index_find(&o->index, id, &index)) {
        return true;
    }
    grades_index_put(seen, id, 1);
    if (!canvas_fact(o->r, user, o->all[index].item, &fact, err)) {
        return false;
    }
    fact->has_score = true;
    fact->score = score;
    fact->is_posted = is_posted(o->r, user, &o->all[index]);
    fact->graded_at = canvas_time(json_object_get(row, "submitted_at"));
    return true;
}

static bool is_open(const struct canvas_user *user) { return user->is_due && !user->has_outcomes; }

static bool rollup_take(void *ctx, const json_t *row, struct sv key, struct err *err) {
    struct outcomes *o = ctx;
    AUTO_ARENA scratch = {0};
    const json_t *scores = NULL;
    struct grades_index seen;
    struct canvas_user *user = canvas_user_find(o->r, key);
    if (!js_array(row, "scores", &scores)) {
        return canvas_shape("the outcomes", err);
    }
    if (user == NULL || !is_open(user)) {
        return true;
    }
    user->has_outcomes = true;
    grades_index_init(&seen, &scratch);
    for (size_t i = 0; i < json_array_size(scores); i++) {
        if (!score_take(o, user, json_array_get(scores, i), &seen, &scratch, err)) {
            return false;
        }
    }
    return true;
}

/* A key whose scopes keep include[] away leaves out which outcomes there are (lti.md 11.1). */
static bool probe_take(struct outcomes *o, const json_t *page, struct err *err) {
    if (!json_is_object(page)) {
        return canvas_shape("the outcomes", err);
    }
    if (json_object_get(page, "linked") == NULL) {
        canvas_untold(o->r, 1u << MODEL_ITEM_OUTCOME,
                      "Canvas does not say which outcomes there are: switch on \"Allow Include "
                      "Parameters\" for the developer key.");
        return true;
    }
    return page_take(o, page, err);
}

/* One learner's page says whether the course has any, and which. */
static bool outcomes_probe(struct outcomes *o, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *page = NULL;
    struct net_response response;
    struct sv url = canvas_url(&o->r->link, &scratch, "/api/v1/courses/%.*s/outcome_rollups?%s1",
                               SV_ARG(o->r->course), QUERY);
    struct err fail = {0};
    if (!canvas_get(&o->r->link, url, "the outcomes", &scratch, &response, &page, &fail)) {
        o->r->build.out->untold |= 1u << MODEL_ITEM_OUTCOME;
        if (fail.code != ERR_NOT_FOUND) { /* no outcomes there, or hidden: nothing is said of it */
            *err = err->code == ERR_NONE ? fail : *err;
        }
        return fail.code == ERR_NOT_FOUND;
    }
    return probe_take(o, page, err);
}

static bool rollups_walk(struct outcomes *o, struct sv people, struct err *err) {
    AUTO_ARENA scratch = {0};
    const struct canvas_list list = {
        .url = canvas_url(&o->r->link, &scratch, "/api/v1/courses/%.*s/outcome_rollups?%.*s%s%d",
                          SV_ARG(o->r->course), SV_ARG(people), QUERY, CANVAS_PAGE),
        .what = "the outcomes",
        .key_in = "links",
        .key = "user",
        .list = "rollups",
        .take = rollup_take,
        .take_page = page_take,
        .ctx = o};
    return canvas_walk(&o->r->link, &list, err);
}

/* Canvas refuses a list with somebody in it who is not active in the course. */
static bool is_open_active(const struct canvas_user *user) {
    return is_open(user) && user->is_active;
}

static bool some_read(struct outcomes *o, struct err *err) {
    struct canvas_read *r = o->r;
    for (size_t i = 0; i < r->user_count;) {
        AUTO_ARENA scratch = {0};
        struct err fail = {0};
        struct sv ids = canvas_ids(r, "user_ids[]", ASK_AT_ONCE, is_open_active, &i, &scratch);
        if (ids.len == 0 || rollups_walk(o, sv_printf(&scratch, "%.*s&", SV_ARG(ids)), &fail)) {
            continue;
        }
        if (strcmp(fail.reason, "http_400") == 0) { /* somebody among them left meanwhile */
            return rollups_walk(o, sv_of(NULL, 0), err);
        }
        *err = err->code == ERR_NONE ? fail : *err;
        return false;
    }
    return true;
}

bool canvas_outcomes_read(struct canvas_read *r, struct err *err) {
    struct outcomes o = {.r = r};
    grades_index_init(&o.index, r->build.arena);
    if (!outcomes_probe(&o, err)) {
        return false;
    }
    if (o.count == 0) {
        return true;
    }
    if (!(canvas_is_most(r, is_open) ? rollups_walk(&o, sv_of(NULL, 0), err)
                                     : some_read(&o, err))) {
        return false;
    }
    for (size_t i = 0; i < r->user_count; i++) {
        struct canvas_user *user = &r->users[i];
        if (!is_open(user)) {
            continue;
        }
        user->has_gap = user->has_gap || user->is_active;
        if (!canvas_keep(r, user, MODEL_ITEM_OUTCOME, err)) {
            return false;
        }
    }
    return true;
}
