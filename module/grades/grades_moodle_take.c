/* Moodle's replies, taken apart. */
#include "grades_moodle.h"

#define NAME_BYTES_MAX 500
#define LETTER_BYTES_MAX 16

/* An id as text; Moodle sends numbers, some plugins strings. */
static bool id_text(const json_t *value, struct arena *a, struct sv *out) {
    int64_t id = 0;
    if (!(json_is_string(value) ? num_parse_i64(js_sv(value), 0, INT64_MAX, &id)
                                : js_seconds(value, &id))) {
        return false;
    }
    *out = sv_printf(a, "%lld", (long long)id);
    return true;
}

static int64_t number_or(const json_t *value, int64_t otherwise) {
    int64_t n = 0;
    if (json_is_boolean(value)) {
        return json_is_true(value) ? 1 : 0;
    }
    bool is_read = json_is_string(value) ? num_parse_i64(js_sv(value), INT64_MIN, INT64_MAX, &n)
                                         : js_seconds(value, &n);
    return is_read ? n : otherwise;
}

static usec_t time_of(const json_t *value) {
    int64_t seconds = number_or(value, 0);
    return seconds > 0 && seconds < INT64_C(253402300800) ? seconds * USEC_PER_S : 0;
}

/* Names come through Moodle's HTML filter: these five are escaped there. */
static struct sv plain_text(struct arena *a, struct sv html) {
    static const struct {
        struct sv entity;
        char c;
    } rows[] = {{SV("&amp;"), '&'},
                {SV("&lt;"), '<'},
                {SV("&gt;"), '>'},
                {SV("&quot;"), '"'},
                {SV("&#039;"), '\''}};
    html = sv_clip_utf8(html, NAME_BYTES_MAX);
    char *out = arena_alloc(a, html.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < html.len; i++) {
        out[n] = html.ptr[i];
        for (size_t e = 0; e < ARRAY_LEN(rows); e++) {
            if (sv_starts(sv_skip(html, i), rows[e].entity)) {
                out[n] = rows[e].c;
                i += rows[e].entity.len - 1;
                break;
            }
        }
        n++;
    }
    return sv_trim(sv_of(out, n));
}

static struct sv text_of(const json_t *obj, const char *key, struct arena *a) {
    struct sv text = js_sv(json_object_get(obj, key));
    return sv_copy(a, sv_clip_utf8(text, NAME_BYTES_MAX));
}

static bool is_staff_role(struct sv shortname) {
    static const struct sv staff[] = {
        {"editingteacher", 14}, {"teacher", 7}, {"manager", 7}, {"coursecreator", 13}};
    for (size_t i = 0; i < ARRAY_LEN(staff); i++) {
        if (sv_eq(shortname, staff[i])) {
            return true;
        }
    }
    return false;
}

/* A site may have roles of its own beside "student"; who holds none of the staff's is a learner. */
static void roles_take(const json_t *roles, struct model_member *member) {
    for (size_t i = 0; i < json_array_size(roles); i++) {
        struct sv shortname = js_sv(json_object_get(json_array_get(roles, i), "shortname"));
        if (is_staff_role(shortname)) {
            member->is_teacher = true;
        } else if (shortname.len > 0 && !sv_eq(shortname, SV("guest"))) {
            member->is_learner = true;
        }
    }
}

bool moodle_people_take(struct moodle_read *m, const json_t *reply, size_t *count,
                        struct err *err) {
    struct arena *a = m->build.arena;
    if (!json_is_array(reply)) {
        return moodle_shape(MOODLE_PEOPLE, err);
    }
    *count = json_array_size(reply);
    for (size_t i = 0; i < *count; i++) {
        const json_t *row = json_array_get(reply, i);
        struct sv ref;
        size_t index = 0;
        bool is_new = false;
        if (!id_text(json_object_get(row, "id"), a, &ref)) {
            return moodle_shape(MOODLE_PEOPLE, err);
        }
        if (!grades_build_member(&m->build, ref, &index, &is_new, err)) {
            return false;
        }
        struct model_member *member = &m->build.out->members[index];
        member->name = text_of(row, "fullname", a);
        member->email = text_of(row, "email", a);
        member->sourcedid = text_of(row, "idnumber", a);
        roles_take(json_object_get(row, "roles"), member);
    }
    return true;
}

static bool module_take(struct moodle_read *m, const json_t *module, struct err *err) {
    struct arena *a = m->build.arena;
    struct sv cmid;
    struct sv instance;
    size_t index = 0;
    if (!id_text(json_object_get(module, "id"), a, &cmid)) {
        return moodle_shape(MOODLE_CONTENTS, err);
    }
    if (!grades_build_item(&m->build, MODEL_ITEM_ACTIVITY, cmid, &index, err)) {
        return false;
    }
    struct model_item *item = &m->build.out->items[index];
    item->title = plain_text(a, js_sv(json_object_get(module, "name")));
    item->has_completion = number_or(json_object_get(module, "completion"), 0) > 0;
    if (id_text(json_object_get(module, "instance"), a, &instance)) {
        struct sv kind = js_sv(json_object_get(module, "modname"));
        grades_index_put(&m->modules, sv_printf(a, "%.*s:%.*s", SV_ARG(kind), SV_ARG(instance)),
                         index);
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

void moodle_persons_reserve(struct moodle_read *m) {
    size_t need = m->build.out->member_count;
    if (need <= m->person_cap) {
        return;
    }
    size_t cap = 2 * need;
    struct moodle_person *longer = ARENA_ARRAY(m->build.arena, struct moodle_person, cap);
    if (m->person_cap > 0) {
        memcpy(longer, m->persons, m->person_cap * sizeof *longer);
    }
    m->persons = longer;
    m->person_cap = cap;
}

bool moodle_fact(struct moodle_read *m, size_t person, size_t item, struct model_fact **out,
                 struct err *err) {
    struct moodle_mark *mark = &m->marks[item];
    struct grades_reading *r = m->build.out;
    if (mark->person == person + 1) {
        *out = &r->facts[mark->fact];
        return true;
    }
    *mark = (struct moodle_mark){.person = person + 1, .fact = r->fact_count};
    return grades_build_fact(&m->build, r->members[person].person_ref, item, out, err);
}

/* The item a row of the grade report is about; *is_wanted is false for categories and outcomes. */
static bool grade_item_find(struct moodle_read *m, const json_t *row, size_t *index,
                            bool *is_wanted, struct err *err) {
    struct arena *a = m->build.arena;
    struct sv type = js_sv(json_object_get(row, "itemtype"));
    const json_t *outcome = json_object_get(row, "outcomeid");
    *is_wanted = !sv_eq(type, SV("category")) && (outcome == NULL || json_is_null(outcome));
    if (!*is_wanted) {
        return true;
    }
    if (sv_eq(type, SV("course"))) {
        m->build.out->can |= GRADES_CAN_COURSE_TOTAL;
        return grades_build_item(&m->build, MODEL_ITEM_COURSE_FINAL, sv_of(NULL, 0), index, err);
    }
    int64_t number = number_or(json_object_get(row, "itemnumber"), 0);
    struct sv cmid;
    struct sv instance;
    struct sv id;
    if (!id_text(json_object_get(row, "id"), a, &id)) {
        return moodle_shape(MOODLE_GRADES, err);
    }
    struct sv module = js_sv(json_object_get(row, "itemmodule"));
    bool has_cmid = sv_eq(type, SV("mod")) && id_text(json_object_get(row, "cmid"), a, &cmid);
    if (has_cmid && number == 0) {
        return grades_build_item(&m->build, MODEL_ITEM_ACTIVITY, cmid, index, err);
    }
    if (!has_cmid && number == 0 && sv_eq(type, SV("mod")) &&
        id_text(json_object_get(row, "iteminstance"), a, &instance) &&
        grades_index_find(&m->modules, sv_printf(a, "%.*s:%.*s", SV_ARG(module), SV_ARG(instance)),
                          index)) {
        return true;
    }
    /* A column of its own, or an activity's second grade (a workshop has two). */
    return grades_build_item(&m->build, MODEL_ITEM_ACTIVITY, sv_printf(a, "grade:%.*s", SV_ARG(id)),
                             index, err);
}

static void grade_item_describe(struct moodle_read *m, const json_t *row, size_t index) {
    struct model_item *item = &m->build.out->items[index];
    if (item->title.len == 0) {
        item->title = item->kind == MODEL_ITEM_COURSE_FINAL
                          ? SV("Course total")
                          : plain_text(m->build.arena, js_sv(json_object_get(row, "itemname")));
    }
    struct dec maximum;
    if (js_decimal(json_object_get(row, "grademax"), &maximum)) {
        item->has_maximum = true;
        item->maximum = maximum;
    }
}

/* Shown to the learner only when Moodle says so of both flags: absent is hidden (attacks.md F15).
 */
static bool is_shown(const json_t *row) {
    return number_or(json_object_get(row, "gradeishidden"), 1) == 0 &&
           number_or(json_object_get(row, "gradehiddenbydate"), 1) == 0;
}

static bool grade_row_take(struct moodle_read *m, const json_t *row, size_t person,
                           struct err *err) {
    size_t index = 0;
    bool is_wanted = false;
    if (!json_is_object(row)) {
        return moodle_shape(MOODLE_GRADES, err);
    }
    if (!grade_item_find(m, row, &index, &is_wanted, err)) {
        return false;
    }
    if (!is_wanted) {
        return true;
    }
    grade_item_describe(m, row, index);
    const json_t *raw = json_object_get(row, "graderaw");
    struct dec score;
    usec_t submitted_at = time_of(json_object_get(row, "gradedatesubmitted"));
    bool has_raw = raw != NULL && !json_is_null(raw);
    if (has_raw && !js_decimal(raw, &score)) {
        return moodle_shape(MOODLE_GRADES, err);
    }
    if (!has_raw && submitted_at == 0) {
        return true; /* nothing known */
    }
    struct model_fact *fact = NULL;
    if (!moodle_fact(m, person, index, &fact, err)) {
        return false;
    }
    fact->has_score = has_raw;
    fact->score = has_raw ? score : dec_from_i64(0);
    fact->is_posted = has_raw && is_shown(row);
    fact->submitted_at = submitted_at;
    fact->graded_at = has_raw ? time_of(json_object_get(row, "gradedategraded")) : 0;
    struct sv letter = js_sv(json_object_get(row, "lettergradeformatted"));
    if (has_raw && letter.len <= LETTER_BYTES_MAX && sv_find(letter, '<') == letter.len) {
        fact->letter = plain_text(m->build.arena, letter);
    }
    return true;
}

static bool person_grades_take(struct moodle_read *m, const json_t *user, bool knows_people,
                               struct err *err) {
    struct arena *a = m->build.arena;
    struct sv ref;
    size_t person = 0;
    const json_t *rows = NULL;
    if (!id_text(json_object_get(user, "userid"), a, &ref) ||
        !js_array(user, "gradeitems", &rows)) {
        return moodle_shape(MOODLE_GRADES, err);
    }
    bool is_known = grades_index_find(&m->build.members, ref, &person);
    if (knows_people && (!is_known || !m->build.out->members[person].is_learner)) {
        return true;
    }
    if (!is_known) { /* Moodle lists gradable people only: learners */
        if (!grades_build_member(&m->build, ref, &person, &is_known, err)) {
            return false;
        }
        m->build.out->members[person].name = text_of(user, "userfullname", a);
        m->build.out->members[person].is_learner = true;
    }
    moodle_persons_reserve(m);
    struct moodle_person *notes = &m->persons[person];
    if (notes->has_grades) {
        return true;
    }
    notes->has_grades = true;
    notes->from = m->build.out->fact_count;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (!grade_row_take(m, json_array_get(rows, i), person, err)) {
            return false;
        }
    }
    notes->to = m->build.out->fact_count;
    return true;
}

bool moodle_grades_take(struct moodle_read *m, const json_t *reply, bool knows_people,
                        struct err *err) {
    const json_t *users = NULL;
    if (!js_array(reply, "usergrades", &users) || users == NULL) {
        return moodle_shape(MOODLE_GRADES, err);
    }
    for (size_t i = 0; i < json_array_size(users); i++) {
        if (!person_grades_take(m, json_array_get(users, i), knows_people, err)) {
            return false;
        }
    }
    return true;
}
