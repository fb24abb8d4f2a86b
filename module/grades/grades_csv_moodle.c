/* Moodle's grade export as plain text: who it is, then for each grade item one column for each way
 * of showing it, "Quiz: Week 1 (Real)", "(Percentage)", "(Letter)", "(Feedback)". */
#include "grades_csv_layout.h"

enum way { WAY_NONE, WAY_REAL, WAY_PERCENTAGE, WAY_LETTER };
static const char *const suffixes[] = {
    [WAY_REAL] = " (Real)", [WAY_PERCENTAGE] = " (Percentage)", [WAY_LETTER] = " (Letter)"};

/* A grade item, shown in up to three columns. */
struct grade {
    struct sv ref, title;
    size_t at[ARRAY_LEN(suffixes)]; /* SIZE_MAX: not shown so */
    size_t item;
};

struct moodle {
    size_t first_name, last_name, sourcedid, email, login;
    struct grade *grades;
    size_t grade_count;
};

static enum way way_of(struct sv name, struct sv *base) {
    for (size_t w = WAY_REAL; w < ARRAY_LEN(suffixes); w++) {
        struct sv suffix = sv_from(suffixes[w]);
        if (name.len > suffix.len && sv_ends(name, suffix)) {
            *base = sv_trim(sv_head(name, name.len - suffix.len));
            return (enum way)w;
        }
    }
    return WAY_NONE;
}

static bool is_mine(const struct csv_reader *r) {
    struct sv base;
    bool has_grade = false;
    for (size_t i = 0; i < r->cell_count; i++) {
        has_grade = has_grade || way_of(r->cells[i], &base) != WAY_NONE;
    }
    return has_grade &&
           (csv_column(r, "Email address") != SIZE_MAX || csv_column(r, "ID number") != SIZE_MAX ||
            csv_column(r, "Username") != SIZE_MAX);
}

/* Without the kind of activity in front, which is no part of its name. */
static struct sv title_of(struct sv base) {
    static const char *const kinds[] = {
        "Assignment", "Quiz",     "Lesson",   "Workshop", "Forum",         "SCORM package",
        "Database",   "Glossary", "H5P",      "Choice",   "External tool", "Interactive Content",
        "Survey",     "Feedback", "Checklist"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        size_t len = strlen(kinds[i]);
        if (sv_starts(base, sv_from(kinds[i])) && sv_starts(sv_skip(base, len), SV(": ")) &&
            base.len > len + 2) {
            return sv_trim(sv_skip(base, len + 2));
        }
    }
    return base;
}

/* The item a column belongs to: the one of its name that has no such column yet, since two items of
 * a course may share a name. */
static struct grade *grade_find(struct csv_reader *r, struct moodle *m, struct sv base,
                                enum way way) {
    size_t same = 0;
    for (size_t i = 0; i < m->grade_count; i++) {
        if (sv_eq(m->grades[i].title, base)) {
            same++;
            if (m->grades[i].at[way] == SIZE_MAX) {
                return &m->grades[i];
            }
        }
    }
    struct grade *made = &m->grades[m->grade_count++];
    *made =
        (struct grade){.title = sv_copy(r->arena, base),
                       .ref = same == 0 ? sv_copy(r->arena, base)
                                        : sv_printf(r->arena, "%.*s #%zu", SV_ARG(base), same + 1),
                       .at = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX}};
    return made;
}

static bool items_make(struct csv_reader *r, struct moodle *m) {
    for (size_t i = 0; i < m->grade_count; i++) {
        struct grade *g = &m->grades[i];
        bool is_total = sv_eq(g->ref, SV("Course total"));
        enum model_item_kind kind = is_total ? MODEL_ITEM_COURSE_FINAL : MODEL_ITEM_ACTIVITY;
        struct sv ref = is_total ? sv_of(NULL, 0) : g->ref;
        g->title = title_of(g->title);
        if (!csv_item(r, kind, ref, g->title, &g->item)) {
            return false;
        }
        /* A percentage has a maximum, the bare points have none in the file. */
        struct model_item *item = &r->build.out->items[g->item];
        item->has_maximum = g->at[WAY_PERCENTAGE] != SIZE_MAX;
        item->maximum = dec_from_i64(item->has_maximum ? 100 : 0);
        r->build.out->can |= is_total ? GRADES_CAN_COURSE_TOTAL : 0;
    }
    return true;
}

static bool header(struct csv_reader *r) {
    struct moodle *m = ARENA_NEW(r->arena, struct moodle);
    r->state = m;
    m->first_name = csv_column(r, "First name");
    m->last_name = csv_column(r, "Last name");
    m->last_name = m->last_name == SIZE_MAX ? csv_column(r, "Surname") : m->last_name;
    m->sourcedid = csv_column(r, "ID number");
    m->email = csv_column(r, "Email address");
    m->login = csv_column(r, "Username");
    m->grades = ARENA_ARRAY(r->arena, struct grade, r->columns);
    for (size_t i = 0; i < r->columns; i++) {
        struct sv base;
        enum way way = way_of(r->cells[i], &base);
        if (way == WAY_NONE) {
            continue;
        }
        if (base.len > CSV_ITEM_BYTES_MAX) {
            return csv_stop(r, "columns", "the name of column %zu is longer than %d bytes", i + 1,
                            CSV_ITEM_BYTES_MAX);
        }
        grade_find(r, m, base, way)->at[way] = i;
    }
    return items_make(r, m);
}

static bool is_none(struct sv text) { return text.len == 0 || sv_eq(text, SV("-")); }

static bool grade_take(struct csv_reader *r, const struct grade *g,
                       const struct model_member *member) {
    bool has_percent = g->at[WAY_PERCENTAGE] != SIZE_MAX;
    struct sv text = csv_cell(r, has_percent ? g->at[WAY_PERCENTAGE] : g->at[WAY_REAL]);
    struct sv letter = csv_cell(r, g->at[WAY_LETTER]);
    struct dec score = dec_from_i64(0);
    struct model_fact *fact = NULL;
    if (has_percent && sv_ends(text, SV("%"))) {
        text = sv_trim(sv_head(text, text.len - 1));
    }
    if (!is_none(text) && !csv_number(text, &score)) {
        return csv_stop(r, "number", "row %zu: the grade \"%.*s\" of \"%.*s\" is not a number",
                        r->row, SV_ARG(sv_clip_utf8(text, 40)), SV_ARG(sv_clip_utf8(g->title, 80)));
    }
    if (!csv_fact(r, member, g->item, &fact)) {
        return false;
    }
    bool has_letter = !is_none(letter) && letter.len <= CSV_LETTER_BYTES_MAX;
    fact->has_score = !is_none(text);
    fact->score = score;
    fact->letter = has_letter ? sv_copy(r->arena, letter) : sv_of(NULL, 0);
    fact->is_posted = fact->has_score || has_letter; /* a teacher hands in what counts */
    return true;
}

static bool row(struct csv_reader *r) {
    const struct moodle *m = r->state;
    struct sv sourcedid = csv_cell(r, m->sourcedid);
    struct sv login = csv_cell(r, m->login);
    struct sv email = csv_cell(r, m->email);
    struct sv ref = sourcedid.len > 0 ? sourcedid : login.len > 0 ? login : email;
    struct model_member *member = NULL;
    if (ref.len == 0 || ref.len > CSV_PERSON_BYTES_MAX) {
        return csv_stop(r, "empty",
                        "row %zu: no ID number, username or e-mail address says who this is",
                        r->row);
    }
    if (!csv_once(r, ref, "person") || !csv_member(r, ref, &member)) {
        return false;
    }
    member->name = sv_trim(sv_printf(r->arena, "%.*s %.*s", SV_ARG(csv_cell(r, m->first_name)),
                                     SV_ARG(csv_cell(r, m->last_name))));
    member->sourcedid = sv_copy(r->arena, sourcedid);
    member->login = sv_copy(r->arena, login);
    member->email = sv_copy(r->arena, email);
    for (size_t i = 0; i < m->grade_count; i++) {
        if (!grade_take(r, &m->grades[i], member)) {
            return false;
        }
    }
    return true;
}

static void end(struct csv_reader *r) {
    const struct moodle *m = r->state;
    csv_describe(r, m->first_name, SV("name"));
    csv_describe(r, m->last_name, SV("name"));
    csv_describe(r, m->sourcedid, SV("finds the person (first)"));
    csv_describe(r, m->login, SV("finds the person (second)"));
    csv_describe(r, m->email, SV("finds the person (third)"));
    for (size_t i = 0; i < m->grade_count; i++) {
        const struct grade *g = &m->grades[i];
        bool has_percent = g->at[WAY_PERCENTAGE] != SIZE_MAX;
        csv_describe(r, g->at[WAY_PERCENTAGE],
                     sv_printf(r->arena, "score of \"%.*s\", out of 100", SV_ARG(g->title)));
        csv_describe(r, g->at[WAY_LETTER],
                     sv_printf(r->arena, "letter of \"%.*s\"", SV_ARG(g->title)));
        csv_describe(r, g->at[WAY_REAL],
                     has_percent
                         ? SV("not used: the percentage is there")
                         : sv_printf(r->arena,
                                     "score of \"%.*s\", no maximum: for min_percent export "
                                     "\"Percentage\" too",
                                     SV_ARG(g->title)));
    }
}

const struct csv_layout csv_moodle = {
    .format = GRADES_CSV_MOODLE, .is_mine = is_mine, .header = header, .row = row, .end = end};
