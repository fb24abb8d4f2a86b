/* The course total. By default Moodle leaves out what has no grade yet ("Exclude empty grades"), so
 * that the first quiz alone makes 100 %, and out of how much it is differs from person to person.
 * A column that Laurel made for a badge is nobody's missing work. */
#include "grades_moodle.h"
#include <stdio.h>
#include <string.h>

/* Moodle keeps five decimals; a sum of many is taken for the same within this. */
static const struct dec nearness = {.mantissa = 1, .scale = 2};

static struct dec sum(struct dec a, struct dec b) {
    return dec_sub(a, dec_sub(dec_from_i64(0), b));
}

static bool is_near(struct dec a, struct dec b) {
    struct dec apart = dec_cmp(a, b) < 0 ? dec_sub(b, a) : dec_sub(a, b);
    return dec_cmp(apart, nearness) <= 0;
}

/* ".../lineitems/6/lineitem?type_id=1" is the gradebook's column 6 (moodle.md 1.3). */
static bool is_own_column(const struct grades_course *course, int64_t id) {
    char part[48];
    int len = snprintf(part, sizeof part, "/lineitems/%lld/lineitem", (long long)id);
    for (size_t i = 0; i < course->own_count; i++) {
        struct sv url = course->own[i];
        if (memmem(url.ptr, url.len, part, (size_t)len) != NULL) {
            return true;
        }
    }
    return false;
}

/* Columns for words have no grade, ever. */
static bool is_of_words(const json_t *row) {
    struct sv range = js_sv(json_object_get(row, "rangeformatted"));
    return sv_eq(range, SV("&ndash;")) || sv_eq(range, SV("\xe2\x80\x93"));
}

/* What columns add up to. */
struct sums {
    struct dec points;  /* of those with a grade, */
    struct dec maxima;  /* and out of what; extra credit adds none */
    struct dec missing; /* maxima of those without, which Moodle does not say it counts as zero */
    size_t graded;
    bool has_missing;
};

struct category {
    int64_t id;
    const json_t *row;  /* its total, borrowed */
    struct sums direct; /* of columns right in it */
};

#define CATEGORIES_MAX 64

/* One person's report, added up. */
struct ledger {
    const json_t *total; /* of the course, borrowed; NULL: none */
    struct sums course;  /* of all columns, in categories or not */
    struct category categories[CATEGORIES_MAX];
    size_t category_count;
    bool is_deep;    /* categories in categories, or too many: which is in which is not told */
    bool has_hidden; /* a grade is told that the learner does not see */
};

static bool is_kind(const json_t *row, const char *kind) {
    return sv_eq(js_sv(json_object_get(row, "itemtype")), sv_from(kind));
}

static bool has_value(const json_t *row) {
    struct dec value = {0};
    return js_decimal(json_object_get(row, "graderaw"), &value);
}

static struct category *category_of(struct ledger *l, const json_t *row) {
    int64_t id = moodle_number(json_object_get(row, "categoryid"), -1);
    for (size_t i = 0; i < l->category_count; i++) {
        if (l->categories[i].id == id) {
            return &l->categories[i];
        }
    }
    return NULL;
}

/* The totals, before what they are of: either order is a setting. */
static void heads_find(struct ledger *l, const json_t *rows) {
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (is_kind(row, "course")) {
            l->total = row;
        } else if (is_kind(row, "category") && l->category_count == CATEGORIES_MAX) {
            l->is_deep = true;
        } else if (is_kind(row, "category")) {
            l->categories[l->category_count++] = (struct category){
                .id = moodle_number(json_object_get(row, "iteminstance"), -1), .row = row};
        }
    }
}

static bool is_outcome(const json_t *row) {
    const json_t *outcome = json_object_get(row, "outcomeid");
    return outcome != NULL && !json_is_null(outcome);
}

static void missing_add(struct sums *s, struct dec maximum) {
    s->missing = sum(s->missing, maximum);
    s->has_missing = true;
}

static void score_add(struct sums *s, struct dec score, struct dec maximum, bool is_extra) {
    s->graded += is_extra ? 0 : 1;
    s->points = sum(s->points, score);
    s->maxima = is_extra ? s->maxima : sum(s->maxima, maximum);
}

static void column_add(const struct moodle_read *m, struct ledger *l, const json_t *row) {
    struct sv status = js_sv(json_object_get(row, "status"));
    bool is_set_aside = sv_eq(status, SV("dropped")) || sv_eq(status, SV("excluded"));
    bool is_extra = sv_eq(status, SV("extra"));
    struct category *category = category_of(l, row);
    struct dec score = {0};
    struct dec maximum = {0};
    if (is_set_aside || !js_decimal(json_object_get(row, "grademax"), &maximum)) {
        return;
    }
    if (js_decimal(json_object_get(row, "graderaw"), &score)) {
        l->has_hidden = l->has_hidden || !moodle_is_shown(row);
        score_add(&l->course, score, maximum, is_extra);
        if (category != NULL) {
            score_add(&category->direct, score, maximum, is_extra);
        }
        return;
    }
    bool is_counted = json_number_value(json_object_get(row, "weightraw")) > 0; /* as zero */
    if (is_extra || is_counted || is_of_words(row) ||
        is_own_column(m->course, moodle_number(json_object_get(row, "id"), -1))) {
        return;
    }
    if (category != NULL) {
        missing_add(&category->direct, maximum);
    }
    if (category == NULL || has_value(category->row)) {
        missing_add(&l->course, maximum);
    }
}

static struct dec larger(struct dec a, struct dec b) { return dec_cmp(a, b) < 0 ? b : a; }

static void ledger_fill(const struct moodle_read *m, const json_t *user, struct ledger *l) {
    const json_t *rows = json_object_get(user, "gradeitems");
    heads_find(l, rows);
    /* the course is 2 deep, categories in it 3 */
    l->is_deep = l->is_deep ||
                 (l->category_count > 0 && moodle_number(json_object_get(user, "maxdepth"), 9) > 3);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (!is_kind(row, "course") && !is_kind(row, "category") && !is_outcome(row)) {
            column_add(m, l, row);
        }
    }
    for (size_t i = 0; i < l->category_count; i++) {
        const struct category *c = &l->categories[i];
        struct dec own = {0};
        if (c->direct.has_missing && !has_value(c->row)) { /* nothing in it is graded */
            bool has_own = js_decimal(json_object_get(c->row, "grademax"), &own);
            missing_add(&l->course, has_own ? larger(own, c->direct.missing) : c->direct.missing);
        }
    }
}

/* Its own maximum is for people to read; each fact has one, which counts. */
static bool total_item(struct moodle_read *m, enum model_item_kind kind, struct dec maximum,
                       size_t *index, struct err *err) {
    if (!grades_build_item(&m->build, kind, sv_of(NULL, 0), index, err)) {
        return false;
    }
    struct model_item *item = &m->build.out->items[*index];
    item->title = kind == MODEL_ITEM_COURSE_FINAL ? SV("Course total") : SV("Current total");
    if (dec_cmp(item->maximum, maximum) < 0) {
        item->maximum = maximum;
        item->has_maximum = true;
    }
    return true;
}

/* Does a total add up the points of what is graded? A mean, with weights that are told nowhere,
 * looks the same where one column is graded, and out of 100 where several are. */
static bool is_sum(const struct sums *s, struct dec score, struct dec maximum) {
    bool is_left_out = s->graded > 1 && is_near(s->maxima, maximum);
    return is_near(s->points, score) && !is_near(maximum, dec_from_i64(100)) &&
           (is_left_out || is_near(sum(s->maxima, s->missing), maximum));
}

static bool are_sums(const struct ledger *l) {
    for (size_t i = 0; i < l->category_count; i++) {
        const struct category *c = &l->categories[i];
        struct dec score = {0};
        struct dec maximum = {0};
        if (c->direct.has_missing && js_decimal(json_object_get(c->row, "graderaw"), &score) &&
            !(js_decimal(json_object_get(c->row, "grademax"), &maximum) &&
              is_sum(&c->direct, score, maximum))) {
            return false;
        }
    }
    return true;
}

/* Out of how much the total is when what is missing counts as zero; false: nobody can tell. Of a
 * sum of points, the usual, what was left out is added again. */
static bool final_maximum(const struct ledger *l, struct dec score, struct dec maximum,
                          struct dec *out) {
    bool is_left_out = is_near(l->course.maxima, maximum);
    bool has_missing = l->course.has_missing;
    *out = has_missing && is_left_out ? sum(maximum, l->course.missing) : maximum;
    return !has_missing || (!l->is_deep && are_sums(l) && is_sum(&l->course, score, maximum));
}

/* So many points, out of so many. */
struct amount {
    struct dec score, maximum;
};

static bool fact_take(struct moodle_read *m, const struct ledger *l, size_t person, size_t index,
                      struct amount of, struct model_fact **out, struct err *err) {
    if (!moodle_fact(m, person, index, out, err)) {
        return false;
    }
    struct model_fact *f = *out;
    moodle_grade_fill(m, l->total, true, of.score, f);
    f->completion = MODEL_COMPLETION_UNKNOWN;
    f->has_maximum = dec_cmp(of.maximum, dec_from_i64(0)) > 0;
    f->maximum = of.maximum;
    f->is_posted = f->is_posted && !l->has_hidden;
    return true;
}

/* Both totals of somebody who has one. *out is of the last. */
static bool facts_take(struct moodle_read *m, const struct ledger *l, size_t person,
                       struct amount of, struct model_fact **out, struct err *err) {
    size_t current = 0;
    size_t final = 0;
    struct amount whole = of;
    if (!total_item(m, MODEL_ITEM_COURSE_CURRENT, of.maximum, &current, err) ||
        !fact_take(m, l, person, current, of, out, err)) {
        return false;
    }
    if (!final_maximum(l, of.score, of.maximum, &whole.maximum)) {
        m->hides_final = m->hides_final || l->course.graded > 1;
        return true;
    }
    struct sv letter = (*out)->letter;
    if (!total_item(m, MODEL_ITEM_COURSE_FINAL, whole.maximum, &final, err) ||
        !fact_take(m, l, person, final, whole, out, err)) {
        return false;
    }
    (*out)->letter = dec_cmp(whole.maximum, of.maximum) == 0 ? letter : sv_of(NULL, 0);
    return true;
}

/* What is stored stays as it is. */
static bool keep(struct moodle_read *m, size_t person, enum model_item_kind kind, struct err *err) {
    struct model_fact *fact = NULL;
    size_t index = 0;
    if (!total_item(m, kind, dec_from_i64(0), &index, err) ||
        !moodle_fact(m, person, index, &fact, err)) {
        return false;
    }
    fact->is_kept = true;
    return true;
}

static bool value_take(struct moodle_read *m, const struct ledger *l, size_t person,
                       struct err *err) {
    const json_t *raw = json_object_get(l->total, "graderaw");
    struct amount of = {0};
    struct model_fact *fact = NULL;
    size_t index = 0;
    if (!js_decimal(json_object_get(l->total, "grademax"), &of.maximum)) {
        m->hides_maxima = true;
    }
    if (!total_item(m, MODEL_ITEM_COURSE_CURRENT, of.maximum, &index, err) ||
        !total_item(m, MODEL_ITEM_COURSE_FINAL, of.maximum, &index, err)) {
        return false;
    }
    if (!json_is_null(raw)) {
        m->shows_hidden = m->shows_hidden || l->has_hidden;
        if (!js_decimal(raw, &of.score)) {
            return moodle_shape(MOODLE_GRADES, err);
        }
        if (!facts_take(m, l, person, of, &fact, err)) {
            return false;
        }
    }
    moodle_row_sign(&m->persons[person].sign, l->total, fact, true);
    return true;
}

bool moodle_total_take(struct moodle_read *m, const json_t *user, size_t person, struct err *err) {
    struct ledger l = {0};
    ledger_fill(m, user, &l);
    if (l.total == NULL) {
        return true;
    }
    m->build.out->can |= GRADES_CAN_COURSE_TOTAL;
    bool is_told = json_object_get(l.total, "graderaw") != NULL;
    if (is_told && !moodle_is_stale(m, l.total, person)) {
        return value_take(m, &l, person, err);
    }
    m->hides_grades = m->hides_grades || !is_told;
    return keep(m, person, MODEL_ITEM_COURSE_CURRENT, err) &&
           keep(m, person, MODEL_ITEM_COURSE_FINAL, err);
}
