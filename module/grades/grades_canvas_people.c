/* Who is enrolled, with which totals. */
#include "grades_canvas.h"

/* Letters, digits, '-' and '_' need no escaping and end no path. */
static bool is_plain(struct sv text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_')) {
            return false;
        }
    }
    return text.len > 0 && text.len <= 255;
}

bool canvas_course_url(const struct canvas_link *link, struct sv ref, struct arena *a,
                       struct sv *out, struct err *err) {
    int64_t number = 0;
    if (!is_plain(ref)) {
        (void)err_because(err, ERR_INPUT, "course",
                          "the course has no Canvas id: such an id is a number, or the context id "
                          "of a launch");
        return err_retry_as(err, ERR_RETRY_PARK);
    }
    bool is_number = num_parse_i64(ref, 1, INT64_MAX, &number);
    *out = canvas_url(link, a, "/api/v1/courses/%s%.*s",
                      is_number ? "" : "lti_context_id:", SV_ARG(ref));
    return true;
}

/* The course's own dates hold where it says so, else the term's; then the course's is a word to
 * people only, and the later one is believed. */
static usec_t end_of(const json_t *course) {
    usec_t own = canvas_time(json_object_get(course, "end_at"));
    usec_t term = canvas_time(json_object_get(json_object_get(course, "term"), "end_at"));
    bool is_own =
        own != 0 && json_is_true(json_object_get(course, "restrict_enrollments_to_course_dates"));
    return is_own || own > term ? own : term;
}

bool canvas_course_read(struct canvas_read *r, struct err *err) {
    AUTO_ARENA scratch = {0};
    AUTO_JSON *course = NULL;
    struct net_response response;
    struct sv url = {0};
    if (!canvas_course_url(&r->link, r->asked->ref, &scratch, &url, err) ||
        !canvas_get(&r->link, sv_printf(&scratch, "%.*s?include[]=term", SV_ARG(url)), "the course",
                    &scratch, &response, &course, err)) {
        return false;
    }
    if (!json_is_object(course) ||
        !canvas_id(json_object_get(course, "id"), r->build.arena, &r->course)) {
        return canvas_shape("the course", err);
    }
    r->hides_totals = json_is_true(json_object_get(course, "hide_final_grades"));
    struct sv scheme; /* null and 0: Canvas's own, A to F */
    bool has_scheme =
        canvas_id(json_object_get(course, "grading_standard_id"), r->build.arena, &scheme);
    r->scheme = has_scheme && !sv_eq(scheme, SV("0")) ? scheme : sv_of(NULL, 0);
    r->build.out->course_ref = r->course;
    /* A course that is over by its dates alone is still graded by those who may, and its dates
     * change: that one has an end only. */
    r->build.out->is_over =
        sv_eq(js_sv(json_object_get(course, "workflow_state")), SV("completed"));
    r->build.out->ends_at = end_of(course);
    return true;
}

struct canvas_user *canvas_user_find(const struct canvas_read *r, struct sv id) {
    size_t index = 0;
    return grades_index_find(&r->user_index, id, &index) ? &r->users[index] : NULL;
}

bool canvas_user_counts(const struct canvas_user *user) {
    return user->is_learner && user->member != SIZE_MAX;
}

static void users_grow(struct canvas_read *r) {
    size_t cap = r->user_cap == 0 ? 64 : 2 * r->user_cap;
    struct canvas_user *more = ARENA_ARRAY(r->build.arena, struct canvas_user, cap);
    if (r->users != NULL) {
        memcpy(more, r->users, r->user_count * sizeof *more);
    }
    r->users = more;
    r->user_cap = cap;
}

static struct canvas_user *user_make(struct canvas_read *r, struct sv id) {
    size_t index = 0;
    if (!grades_index_find(&r->user_index, id, &index)) {
        if (r->user_count == r->user_cap) {
            users_grow(r);
        }
        index = r->user_count++;
        r->users[index] = (struct canvas_user){.id = id, .member = SIZE_MAX};
        grades_index_put(&r->user_index, id, index);
    }
    return &r->users[index];
}

/* The grade that the learner is shown: an override stands above what Canvas computed. */
static bool total_take(const json_t *grades, const char *score_key, const char *letter_key,
                       struct arena *a, struct canvas_total *out) {
    struct dec override;
    bool has_override = false;
    if (!canvas_number(grades, score_key, &out->has_score, &out->score) ||
        !canvas_number(grades, "override_score", &has_override, &override)) {
        return false;
    }
    struct sv letter = canvas_text(grades, letter_key, a);
    struct sv above = canvas_text(grades, "override_grade", a);
    if (has_override) {
        out->has_score = true;
        out->score = override;
    }
    letter = above.len > 0 ? above : letter;
    out->letter = letter.len <= CANVAS_LETTER_BYTES_MAX ? letter : sv_of(NULL, 0);
    return true;
}

/* Somebody in two sections has two enrolments with the same totals; the active one is believed. */
static bool totals_take(struct canvas_read *r, struct canvas_user *user, const json_t *row,
                        bool is_better) {
    const json_t *grades = json_object_get(row, "grades");
    if (!json_is_object(grades) || json_object_get(grades, "final_score") == NULL) {
        return true; /* the token's account may not see totals */
    }
    r->has_totals = true;
    struct canvas_total final = {0};
    struct canvas_total current = {0};
    if (!total_take(grades, "final_score", "final_grade", r->build.arena, &final) ||
        !total_take(grades, "current_score", "current_grade", r->build.arena, &current)) {
        return false;
    }
    user->final = is_better || !user->final.has_score ? final : user->final;
    user->current = is_better || !user->current.has_score ? current : user->current;
    return true;
}

/* What shows at a glance that something changed: totals move when a grade is given, taken away,
 * posted, hidden or excused. Rows come in any order, so their seals are added up. */
static void seal_take(struct canvas_user *user, const json_t *row) {
    static const char *const numbers[] = {"current_score", "final_score", "unposted_current_score",
                                          "unposted_final_score", "override_score"};
    static const char *const letters[] = {"current_grade", "final_grade", "override_grade"};
    AUTO_ARENA scratch = {0};
    struct str text;
    const json_t *grades = json_object_get(row, "grades");
    str_init(&text, &scratch, 4096);
    str_addf(&text, "%.*s %.*s", SV_ARG(canvas_text(row, "type", &scratch)),
             SV_ARG(canvas_text(row, "enrollment_state", &scratch)));
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct dec d;
        bool has = false;
        char plain[DEC_TEXT_MAX];
        bool is_good = canvas_number(grades, numbers[i], &has, &d);
        str_addf(&text, "|%s", is_good && has ? dec_format(d, plain) : "");
    }
    for (size_t i = 0; i < ARRAY_LEN(letters); i++) {
        str_addf(&text, "|%.*s", SV_ARG(canvas_text(grades, letters[i], &scratch)));
    }
    user->grades_seal += canvas_seal(str_sv(&text));
}

static void names_take(struct canvas_read *r, struct canvas_user *user, const json_t *row) {
    struct arena *a = r->build.arena;
    const json_t *who = json_object_get(row, "user");
    if (user->name.len == 0) {
        user->name = canvas_text(who, "name", a);
        user->login = canvas_text(who, "login_id", a);
        user->sis_id = canvas_text(row, "sis_user_id", a);
    }
    if (user->sis_id.len == 0) {
        user->sis_id = canvas_text(who, "sis_user_id", a);
    }
}

static bool enrolment_take(void *ctx, const json_t *row, struct sv key, struct err *err) {
    struct canvas_read *r = ctx;
    struct sv id;
    struct sv type = js_sv(json_object_get(row, "type"));
    struct sv state = js_sv(json_object_get(row, "enrollment_state"));
    (void)key;
    if (!canvas_id(json_object_get(row, "user_id"), r->build.arena, &id) || type.len == 0 ||
        state.len == 0) {
        return canvas_shape("the enrolments", err);
    }
    bool is_active = sv_eq(state, SV("active"));
    bool is_over = sv_eq(state, SV("completed"));
    bool is_idle = sv_eq(state, SV("inactive"));
    if (!is_active && !is_over && !is_idle) {
        return true; /* invited, rejected, deleted, on its way: not in the course */
    }
    if (r->user_count >= GRADES_MEMBERS_MAX) {
        (void)err_because(err, ERR_UPSTREAM, "size",
                          "the course has more people than Laurel reads");
        return err_retry_as(err, ERR_RETRY_PARK);
    }
    struct canvas_user *user = user_make(r, id);
    names_take(r, user, row);
    seal_take(user, row);
    if (sv_eq(type, SV("StudentViewEnrollment"))) {
        user->is_test = true;
    } else if (sv_eq(type, SV("StudentEnrollment"))) {
        /* An inactive enrolment shows in the gradebook, but takes part in nothing. */
        bool is_better = is_active && !user->is_active;
        user->is_learner = user->is_learner || is_active || is_over;
        user->is_active = user->is_active || is_active;
        if (!totals_take(r, user, row, is_better)) {
            return canvas_shape("the course totals", err);
        }
    } else if (!is_idle && !sv_eq(type, SV("ObserverEnrollment"))) {
        user->is_teacher = true;
        user->is_active = user->is_active || is_active;
    }
    return true;
}

/* Everybody's, or those of one. */
static bool enrolments_read(struct canvas_read *r, struct sv id, struct err *err) {
    AUTO_ARENA scratch = {0};
    const struct canvas_list list = {
        .url =
            canvas_url(&r->link, &scratch,
                       "/api/v1/courses/%.*s/enrollments?type[]=StudentEnrollment"
                       "&type[]=TeacherEnrollment&type[]=TaEnrollment&type[]=DesignerEnrollment"
                       "&state[]=active&state[]=completed&state[]=inactive%s%.*s&per_page=%d",
                       SV_ARG(r->course), id.len > 0 ? "&user_id=" : "", SV_ARG(id), CANVAS_PAGE),
        .what = "the enrolments",
        .key = "id",
        .take = enrolment_take,
        .ctx = r};
    if (!canvas_walk(&r->link, &list, err)) {
        return false;
    }
    for (size_t i = 0; i < r->user_count; i++) {
        r->users[i].is_learner = r->users[i].is_learner && !r->users[i].is_test;
    }
    r->build.out->can |= GRADES_CAN_MEMBERS;
    return true;
}

bool canvas_people_read(struct canvas_read *r, struct err *err) {
    return enrolments_read(r, sv_of("", 0), err);
}

bool canvas_person_read(struct canvas_read *r, struct sv id, struct err *err) {
    return enrolments_read(r, id, err);
}
