/* Moodle's values, and who is in a course. */
#include "grades_moodle.h"

#define NAME_BYTES_MAX 500

/* Moodle sends numbers, some plugins strings. */
bool moodle_id(const json_t *value, struct arena *a, struct sv *out) {
    int64_t id = 0;
    if (!(json_is_string(value) ? num_parse_i64(js_sv(value), 0, INT64_MAX, &id)
                                : js_seconds(value, &id))) {
        return false;
    }
    *out = sv_printf(a, "%lld", (long long)id);
    return true;
}

int64_t moodle_number(const json_t *value, int64_t otherwise) {
    int64_t n = 0;
    if (json_is_boolean(value)) {
        return json_is_true(value) ? 1 : 0;
    }
    bool is_read = json_is_string(value) ? num_parse_i64(js_sv(value), INT64_MIN, INT64_MAX, &n)
                                         : js_seconds(value, &n);
    return is_read ? n : otherwise;
}

usec_t moodle_time(const json_t *value) {
    int64_t seconds = moodle_number(value, 0);
    return seconds > 0 && seconds < INT64_C(253402300800) ? seconds * USEC_PER_S : 0;
}

/* Names come through Moodle's HTML filter: these five are escaped there. */
struct sv moodle_plain(struct arena *a, struct sv html) {
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

static void access_take(const json_t *row, struct moodle_sign *sign) {
    const json_t *access = json_object_get(row, "lastcourseaccess");
    sign->access = moodle_number(access, moodle_number(json_object_get(row, "lastaccess"), -1));
    sign->access = sign->access < 0 ? -1 : sign->access;
}

bool moodle_people_take(struct moodle_read *m, const json_t *reply, struct moodle_page *page,
                        struct err *err) {
    struct arena *a = m->build.arena;
    *page = (struct moodle_page){0};
    m->pages++;
    if (!json_is_array(reply)) {
        return moodle_shape(MOODLE_PEOPLE, err);
    }
    page->count = json_array_size(reply);
    for (size_t i = 0; i < page->count; i++) {
        const json_t *row = json_array_get(reply, i);
        struct sv ref;
        size_t index = 0;
        bool is_new = false;
        if (!moodle_id(json_object_get(row, "id"), a, &ref)) {
            return moodle_shape(MOODLE_PEOPLE, err);
        }
        if (!grades_build_member(&m->build, ref, &index, &is_new, err)) {
            return false;
        }
        page->first = i == 0 ? ref : page->first;
        page->fresh += is_new ? 1 : 0;
        moodle_persons_reserve(m);
        struct moodle_person *notes = &m->persons[index];
        page->shared += notes->page + 1 == m->pages && m->pages > 1 ? 1 : 0;
        notes->page = m->pages;
        struct model_member *member = &m->build.out->members[index];
        member->name = text_of(row, "fullname", a);
        member->email = text_of(row, "email", a);
        member->sourcedid = text_of(row, "idnumber", a);
        roles_take(json_object_get(row, "roles"), member);
        access_take(row, &notes->sign);
    }
    return true;
}

void moodle_persons_reserve(struct moodle_read *m) {
    size_t need = m->build.out->member_count;
    if (need <= m->person_cap) {
        return;
    }
    size_t cap = need + need / 4 + 16;
    m->persons = arena_grow(m->build.arena, m->persons, m->person_cap * sizeof *m->persons,
                            cap * sizeof *m->persons);
    m->person_cap = cap;
}

bool moodle_fact(struct moodle_read *m, size_t person, size_t item, struct model_fact **out,
                 struct err *err) {
    struct moodle_cell *cell = &m->cells[item];
    struct grades_reading *r = m->build.out;
    if (cell->person == person + 1) {
        *out = &r->facts[cell->fact];
        return true;
    }
    *cell = (struct moodle_cell){.person = person + 1, .fact = r->fact_count};
    return grades_build_fact(&m->build, r->members[person].person_ref, item, out, err);
}
