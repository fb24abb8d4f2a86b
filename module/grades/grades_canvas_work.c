/* Assignments, and what each learner got for them. */
#include "grades_canvas.h"

#define ROWS_A_PAGE 1000 /* submissions of one reply, so that its size stays bounded */
#define PEOPLE_A_PAGE_MIN 5
#define ASK_AT_ONCE 50 /* people by id in one request; Canvas refuses more than a hundred */
/* Clocks differ, and a grade is there a little later than its time says (lti.md 11.2). */
#define OVERLAP (INT64_C(600) * USEC_PER_S)

static enum canvas_grading grading_of(const json_t *row) {
    struct sv type = js_sv(json_object_get(row, "grading_type"));
    if (sv_eq(type, SV("not_graded"))) {
        return CANVAS_UNGRADED;
    }
    if (sv_eq(type, SV("pass_fail"))) {
        return CANVAS_PASS_FAIL;
    }
    return sv_eq(type, SV("letter_grade")) || sv_eq(type, SV("gpa_scale")) ? CANVAS_LETTER
                                                                           : CANVAS_POINTS;
}

static struct canvas_work *work_make(struct canvas_read *r, struct sv id) {
    if (r->work_count == r->work_cap) {
        size_t cap = r->work_cap == 0 ? 64 : 2 * r->work_cap;
        struct canvas_work *more = ARENA_ARRAY(r->build.arena, struct canvas_work, cap);
        if (r->work_count > 0) {
            memcpy(more, r->works, r->work_count * sizeof *more);
        }
        r->works = more;
        r->work_cap = cap;
    }
    grades_index_put(&r->work, sv_copy(r->build.arena, id), r->work_count);
    return &r->works[r->work_count++];
}

/* What is never graded can meet no rule and is no item. What is not published yet is one: its rule
 * can be written before the term begins. */
static bool assignment_take(void *ctx, const json_t *row, struct sv key, struct err *err) {
    struct canvas_read *r = ctx;
    struct dec maximum;
    bool has_maximum = false;
    size_t known = 0;
    if (grades_index_find(&r->work, key, &known)) {
        return true; /* asked for again */
    }
    if (!canvas_number(row, "points_possible", &has_maximum, &maximum)) {
        return canvas_shape("the assignments", err);
    }
    struct canvas_work *work = work_make(r, key);
    work->grading = grading_of(row);
    work->is_published = json_is_true(json_object_get(row, "published"));
    if (work->grading == CANVAS_UNGRADED) {
        return true;
    }
    if (!grades_build_item(&r->build, MODEL_ITEM_ACTIVITY, key, &work->item, err)) {
        return false;
    }
    struct model_item *item = &r->build.out->items[work->item];
    item->title = canvas_text(row, "name", r->build.arena);
    item->has_maximum = has_maximum;
    item->maximum = maximum;
    item->due_at = canvas_time(json_object_get(row, "due_at"));
    if (work->is_published) {
        r->work_seal += canvas_seal(
            sv_printf(r->build.arena, "%.*s %d", SV_ARG(item->ref), (int)work->grading));
    }
    return true;
}

bool canvas_work_read(struct canvas_read *r, struct err *err) {
    AUTO_ARENA scratch = {0};
    const struct canvas_list list = {.url =
                                         canvas_url(&r->link, &scratch,
                                                    "/api/v1/courses/%.*s/assignments?per_page=%d"
                                                    "&exclude_response_fields[]=description"
                                                    "&exclude_response_fields[]=rubric",
                                                    SV_ARG(r->course), CANVAS_PAGE),
                                     .what = "the assignments",
                                     .key = "id",
                                     .take = assignment_take,
                                     .ctx = r};
    return canvas_walk(&r->link, &list, err);
}

/* Graded now, and for what is handed in now: after another attempt the old score waits for the
 * teacher (lti.md 11.2). */
static bool is_settled(const json_t *row) {
    return sv_eq(js_sv(json_object_get(row, "workflow_state")), SV("graded")) &&
           !json_is_false(json_object_get(row, "grade_matches_current_submission"));
}

static void grade_take(struct canvas_read *r, const json_t *row, const struct canvas_work *work,
                       struct model_fact *fact) {
    struct sv grade = sv_trim(js_sv(json_object_get(row, "grade")));
    if (work->grading == CANVAS_PASS_FAIL) {
        bool is_complete = sv_eq(grade, SV("complete")) || sv_eq(grade, SV("pass"));
        bool is_incomplete = sv_eq(grade, SV("incomplete")) || sv_eq(grade, SV("fail"));
        fact->completion = is_complete     ? MODEL_COMPLETION_COMPLETE
                           : is_incomplete ? MODEL_COMPLETION_INCOMPLETE
                                           : MODEL_COMPLETION_UNKNOWN;
    } else if (work->grading == CANVAS_LETTER && grade.len <= CANVAS_LETTER_BYTES_MAX) {
        fact->letter = sv_copy(r->build.arena, grade);
    }
}

/* Remembered for the outcomes that the assignment counts for. */
static void hidden_note(struct canvas_read *r, struct canvas_user *user, struct sv assignment) {
    user->has_hidden = true;
    grades_index_put(&r->hidden,
                     sv_printf(r->build.arena, "%.*s:%.*s", SV_ARG(user->id), SV_ARG(assignment)),
                     1);
}

static bool submission_put(struct canvas_read *r, const json_t *row, struct canvas_user *user,
                           const struct canvas_work *work, struct err *err) {
    struct dec score;
    bool has_score = false;
    if (!canvas_number(row, "score", &has_score, &score)) {
        return canvas_shape("the submissions", err);
    }
    bool is_excused = json_is_true(json_object_get(row, "excused"));
    bool has_grade = js_sv(json_object_get(row, "grade")).len > 0;
    bool is_graded = is_settled(row) && (has_score || has_grade);
    usec_t submitted_at = canvas_time(json_object_get(row, "submitted_at"));
    if (!is_graded && !is_excused && submitted_at == 0) {
        return true; /* nothing known */
    }
    struct model_fact *fact = NULL;
    if (!canvas_fact(r, user, work->item, &fact, err)) {
        return false;
    }
    fact->is_excused = is_excused;
    fact->submitted_at = submitted_at;
    if (!is_graded || is_excused) {
        return true;
    }
    fact->has_score = has_score;
    fact->score = score;
    fact->graded_at = canvas_time(json_object_get(row, "graded_at"));
    /* No word on posting is "hidden" (attacks.md F15). */
    fact->is_posted = work->is_published && canvas_time(json_object_get(row, "posted_at")) != 0;
    if (!fact->is_posted) {
        hidden_note(r, user, r->build.out->items[work->item].ref);
    }
    grade_take(r, row, work, fact);
    return true;
}

static bool submission_take(struct canvas_read *r, const json_t *row, struct canvas_user *user,
                            struct grades_index *seen, struct arena *scratch, struct err *err) {
    struct sv id;
    size_t index = 0;
    if (!canvas_id(json_object_get(row, "assignment_id"), scratch, &id)) {
        return canvas_shape("the submissions", err);
    }
    if (grades_index_find(seen, id, &index)) {
        return true;
    }
    grades_index_put(seen, id, 1);
    if (!grades_index_find(&r->work, id, &index)) {
        r->has_unknown_work = true;
        return true;
    }
    const struct canvas_work *work = &r->works[index];
    return work->grading == CANVAS_UNGRADED || submission_put(r, row, user, work, err);
}

static bool learner_take(void *ctx, const json_t *row, struct sv key, struct err *err) {
    struct canvas_read *r = ctx;
    AUTO_ARENA scratch = {0};
    const json_t *rows = NULL;
    struct grades_index seen;
    if (!js_array(row, "submissions", &rows) || rows == NULL) {
        return canvas_shape("the submissions", err);
    }
    struct canvas_user *user = canvas_user_find(r, key);
    if (user == NULL || !user->is_due || user->has_work) {
        return true; /* Student View, somebody without a sub or without news, or asked for again */
    }
    user->has_work = true;
    grades_index_init(&seen, &scratch);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (!submission_take(r, json_array_get(rows, i), user, &seen, &scratch, err)) {
            return false;
        }
    }
    return true;
}

static bool submissions_walk(struct canvas_read *r, const char *students, size_t people,
                             struct err *err) {
    AUTO_ARENA scratch = {0};
    const struct canvas_list list = {
        .url = canvas_url(&r->link, &scratch,
                          "/api/v1/courses/%.*s/students/submissions?%s&grouped=1&per_page=%zu"
                          "&exclude_response_fields[]=attachments",
                          SV_ARG(r->course), students, people),
        .what = "the submissions",
        .key = "user_id",
        .take = learner_take,
        .ctx = r};
    return canvas_walk(&r->link, &list, err);
}

static size_t people_a_page(const struct canvas_read *r) {
    size_t people = r->work_count == 0 ? CANVAS_PAGE : ROWS_A_PAGE / r->work_count;
    people = people < PEOPLE_A_PAGE_MIN ? PEOPLE_A_PAGE_MIN : people;
    return people > CANVAS_PAGE ? CANVAS_PAGE : people;
}

static bool is_open(const struct canvas_user *user) { return user->is_due && !user->has_work; }

/* The next people who are open, at most so many, from *next on. */
static bool ask(struct canvas_read *r, size_t people, size_t *next, struct err *err) {
    AUTO_ARENA scratch = {0};
    struct sv ids = canvas_ids(r, "student_ids[]", people, is_open, next, &scratch);
    return ids.len == 0 || submissions_walk(r, ids.ptr, people, err);
}

static bool is_refused(const struct err *fail) {
    return canvas_is_denied(fail) || fail->code == ERR_NOT_FOUND;
}

static bool ask_singly(struct canvas_read *r, size_t from, size_t to, struct err *err) {
    while (from < to) {
        struct err fail = {0};
        if (!ask(r, 1, &from, &fail) && !is_refused(&fail)) {
            *err = err->code == ERR_NONE ? fail : *err;
            return false;
        }
    }
    return true;
}

/* By id: those of changes, and those who slipped between two pages of the list of all because
 * somebody was added or left while it was read. Canvas refuses all for one who left meanwhile. */
static bool open_read(struct canvas_read *r, struct err *err) {
    size_t people = people_a_page(r) < ASK_AT_ONCE ? people_a_page(r) : ASK_AT_ONCE;
    for (size_t i = 0; i < r->user_count;) {
        struct err fail = {0};
        size_t from = i;
        if (ask(r, people, &i, &fail)) {
            continue;
        }
        if (!is_refused(&fail)) {
            *err = err->code == ERR_NONE ? fail : *err;
            return false;
        }
        if (!ask_singly(r, from, i, err)) {
            return false;
        }
    }
    for (size_t i = 0; i < r->user_count; i++) {
        struct canvas_user *user = &r->users[i];
        if (is_open(user) && !canvas_keep(r, user, MODEL_ITEM_ACTIVITY, err)) {
            return false;
        }
        user->has_gap = user->has_gap || is_open(user);
    }
    return true;
}

bool canvas_submissions_read(struct canvas_read *r, struct err *err) {
    if ((canvas_is_most(r, is_open) &&
         !submissions_walk(r, "student_ids[]=all", people_a_page(r), err)) ||
        !open_read(r, err)) {
        return false;
    }
    size_t before = r->work_count;
    if (r->has_unknown_work && !canvas_work_read(r, err)) {
        return false;
    }
    if (r->work_count > before) {
        (void)err_because(err, ERR_UPSTREAM, "changed",
                          "the list of assignments changed while it was read");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    return true;
}

static bool news_take(void *ctx, const json_t *row, struct sv key, struct err *err) {
    struct canvas_read *r = ctx;
    AUTO_ARENA scratch = {0};
    struct sv id;
    (void)key;
    if (js_sv(json_object_get(row, "anonymous_id")).len > 0) {
        return true; /* marked without names: it is hidden still, and shows in totals later */
    }
    if (!canvas_id(json_object_get(row, "user_id"), &scratch, &id)) {
        return canvas_shape("the latest submissions", err);
    }
    struct canvas_user *user = canvas_user_find(r, id);
    if (user != NULL && canvas_user_counts(user)) {
        user->is_due = true;
    }
    return true;
}

/* A list of submissions, not of people: it is as long as what happened. The two filters together
 * would mean both at once. What a total does not show and neither list has, such as an excuse from
 * work without points, is found by the next reading of everything. */
bool canvas_news_walk(struct canvas_read *r, usec_t since,
                      bool (*take)(void *ctx, const json_t *row, struct sv key, struct err *err),
                      void *ctx, struct err *err) {
    static const char *const filters[] = {"graded_since", "submitted_since"};
    char text[RFC3339_MAX];
    (void)rfc3339_format(since, text);
    for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
        AUTO_ARENA scratch = {0};
        const struct canvas_list list = {
            .url = canvas_url(&r->link, &scratch,
                              "/api/v1/courses/%.*s/students/submissions?student_ids[]=all"
                              "&%s=%s&per_page=%d&exclude_response_fields[]=attachments",
                              SV_ARG(r->course), filters[i], text, CANVAS_PAGE),
            .what = "the latest submissions",
            .key = "id",
            .take = take,
            .ctx = ctx};
        if (!canvas_walk(&r->link, &list, err)) {
            return false;
        }
    }
    return true;
}

bool canvas_news_read(struct canvas_read *r, struct err *err) {
    if (r->asked->scope != GRADES_CHANGES || canvas_is_most(r, is_open)) {
        return true;
    }
    return canvas_news_walk(r, r->asked->since - OVERLAP, news_take, r, err);
}
