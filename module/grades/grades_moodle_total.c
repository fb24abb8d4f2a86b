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

static bool is_set_aside(struct sv status) {
    return sv_eq(status, SV("dropped")) || sv_eq(status, SV("excluded"));
}

void moodle_tally_add(struct moodle_read *m, struct moodle_tally *tally, const json_t *row,
                      const struct dec *score) {
    struct sv status = js_sv(json_object_get(row, "status"));
    bool is_extra = sv_eq(status, SV("extra"));
    struct dec maximum = {0};
    if (is_set_aside(status) || !js_decimal(json_object_get(row, "grademax"), &maximum)) {
        return;
    }
    if (score != NULL) {
        tally->has_hidden = tally->has_hidden || !moodle_is_shown(row);
        tally->points = sum(tally->points, *score);
        tally->maxima = is_extra ? tally->maxima : sum(tally->maxima, maximum);
        return;
    }
    bool is_counted = json_number_value(json_object_get(row, "weightraw")) > 0; /* as zero */
    if (!is_extra && !is_counted && !is_of_words(row) &&
        !is_own_column(m->course, moodle_number(json_object_get(row, "id"), -1))) {
        tally->missing = sum(tally->missing, maximum);
        tally->has_missing = true;
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

/* Out of how much the total is when what is missing counts as zero; false: nobody can tell. Of a
 * sum of points, the usual, what was left out is added again. Out of 100 it may be a mean as well,
 * where one graded column looks like a sum. */
static bool final_maximum(const struct moodle_tally *t, struct dec score, struct dec maximum,
                          struct dec *out) {
    bool is_left_out = is_near(t->maxima, maximum);
    bool is_sum = is_near(t->points, score) && !is_near(maximum, dec_from_i64(100)) &&
                  (is_left_out || is_near(sum(t->maxima, t->missing), maximum));
    *out = t->has_missing && is_left_out ? sum(maximum, t->missing) : maximum;
    return !t->has_missing || is_sum;
}

/* So many points, out of so many. */
struct amount {
    struct dec score, maximum;
};

static bool fact_take(struct moodle_read *m, const struct moodle_tally *tally, size_t person,
                      size_t index, struct amount of, struct model_fact **out, struct err *err) {
    struct moodle_sign *sign = &m->persons[person].sign;
    if (!moodle_fact(m, person, index, out, err)) {
        return false;
    }
    struct model_fact *f = *out;
    if (!moodle_grade_fill(m, tally->total, true, of.score, f)) {
        sign->is_fresh = true;
    }
    f->completion = MODEL_COMPLETION_UNKNOWN;
    f->has_maximum = dec_cmp(of.maximum, dec_from_i64(0)) > 0;
    f->maximum = of.maximum;
    f->is_posted = f->is_posted && !tally->has_hidden;
    return true;
}

/* Both totals of somebody who has one. *out is of the last. */
static bool facts_take(struct moodle_read *m, const struct moodle_tally *tally, size_t person,
                       struct amount of, struct model_fact **out, struct err *err) {
    size_t current = 0;
    size_t final = 0;
    struct amount whole = of;
    if (!total_item(m, MODEL_ITEM_COURSE_CURRENT, of.maximum, &current, err) ||
        !fact_take(m, tally, person, current, of, out, err)) {
        return false;
    }
    if (!final_maximum(tally, of.score, of.maximum, &whole.maximum)) {
        return true;
    }
    struct sv letter = (*out)->letter;
    if (!total_item(m, MODEL_ITEM_COURSE_FINAL, whole.maximum, &final, err) ||
        !fact_take(m, tally, person, final, whole, out, err)) {
        return false;
    }
    (*out)->letter = dec_cmp(whole.maximum, of.maximum) == 0 ? letter : sv_of(NULL, 0);
    return true;
}

static bool keep(struct moodle_read *m, size_t person, enum model_item_kind kind, struct err *err) {
    struct model_fact *fact = NULL;
    size_t index = 0;
    m->hides_grades = true;
    if (!total_item(m, kind, dec_from_i64(0), &index, err) ||
        !moodle_fact(m, person, index, &fact, err)) {
        return false;
    }
    fact->is_kept = true;
    return true;
}

bool moodle_total_take(struct moodle_read *m, const struct moodle_tally *tally, size_t person,
                       struct err *err) {
    struct amount of = {0};
    struct model_fact *fact = NULL;
    size_t index = 0;
    if (tally->total == NULL) {
        return true;
    }
    m->build.out->can |= GRADES_CAN_COURSE_TOTAL;
    const json_t *raw = json_object_get(tally->total, "graderaw");
    if (raw == NULL) {
        return keep(m, person, MODEL_ITEM_COURSE_CURRENT, err) &&
               keep(m, person, MODEL_ITEM_COURSE_FINAL, err);
    }
    if (!js_decimal(json_object_get(tally->total, "grademax"), &of.maximum)) {
        m->hides_maxima = true;
    }
    if (!total_item(m, MODEL_ITEM_COURSE_CURRENT, of.maximum, &index, err) ||
        !total_item(m, MODEL_ITEM_COURSE_FINAL, of.maximum, &index, err)) {
        return false;
    }
    if (!json_is_null(raw)) {
        m->shows_hidden = m->shows_hidden || tally->has_hidden;
        if (!js_decimal(raw, &of.score)) {
            return moodle_shape(MOODLE_GRADES, err);
        }
        if (!facts_take(m, tally, person, of, &fact, err)) {
            return false;
        }
    }
    moodle_row_sign(&m->persons[person].sign, tally->total, fact, true);
    return true;
}
