/* The grade report: what the gradebook says of one person. */
#include "grades_moodle.h"
#include <stdio.h>

#define LETTER_BYTES_MAX 16

/* The item a row of the grade report is about; *is_wanted is false for totals and outcomes. */
static bool grade_item_find(struct moodle_read *m, const json_t *row, size_t *index,
                            bool *is_wanted, struct err *err) {
    struct arena *a = m->scratch;
    struct sv type = js_sv(json_object_get(row, "itemtype"));
    const json_t *outcome = json_object_get(row, "outcomeid");
    *is_wanted = !sv_eq(type, SV("course")) && !sv_eq(type, SV("category")) &&
                 (outcome == NULL || json_is_null(outcome));
    if (!*is_wanted) {
        return true;
    }
    int64_t number = moodle_number(json_object_get(row, "itemnumber"), 0);
    struct sv cmid;
    struct sv instance;
    struct sv id;
    if (!moodle_id(json_object_get(row, "id"), a, &id)) {
        return moodle_shape(MOODLE_GRADES, err);
    }
    struct sv module = js_sv(json_object_get(row, "itemmodule"));
    bool has_cmid = sv_eq(type, SV("mod")) && moodle_id(json_object_get(row, "cmid"), a, &cmid);
    if (has_cmid && number == 0) {
        return grades_build_item(&m->build, MODEL_ITEM_ACTIVITY, cmid, index, err);
    }
    if (!has_cmid && number == 0 && sv_eq(type, SV("mod")) &&
        moodle_id(json_object_get(row, "iteminstance"), a, &instance) &&
        grades_index_find(&m->modules, sv_printf(a, "%.*s:%.*s", SV_ARG(module), SV_ARG(instance)),
                          index)) {
        return true;
    }
    /* A column of its own, or an activity's second grade (a workshop has two). */
    return grades_build_item(&m->build, MODEL_ITEM_ACTIVITY, sv_printf(a, "grade:%.*s", SV_ARG(id)),
                             index, err);
}

/* Does it read as this number, rounded, with the point or comma of any language? */
static bool is_number_about(struct sv text, struct dec value) {
    static const struct dec half = {.mantissa = 5, .scale = 1};
    char plain[32];
    struct dec n = {0};
    text = sv_trim(text);
    if (text.len >= sizeof plain) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        plain[i] = text.ptr[i];
        if (plain[i] == ',') {
            plain[i] = '.';
        }
    }
    if (!dec_parse(sv_of(plain, text.len), &n)) {
        return false;
    }
    return dec_cmp(dec_cmp(n, value) < 0 ? dec_sub(value, n) : dec_sub(n, value), half) <= 0;
}

/* The range is of the least and the most as they are shown: a scale's is of its own words ("Not yet
 * competent&ndash;Competent"; "0&ndash;3" of values 1 to 4), a number's of just these. */
static bool is_range_of_scale(const json_t *row) {
    static const struct sv dash = {"&ndash;", 7};
    struct sv range = js_sv(json_object_get(row, "rangeformatted"));
    const char *at = range.len == 0 ? NULL : memmem(range.ptr, range.len, dash.ptr, dash.len);
    struct dec least = {0};
    struct dec most = {0};
    if (at == NULL || range.len == dash.len || /* a column for words has no range */
        !js_decimal(json_object_get(row, "grademin"), &least) ||
        !js_decimal(json_object_get(row, "grademax"), &most)) {
        return false;
    }
    size_t head = (size_t)(at - range.ptr);
    return !is_number_about(sv_head(range, head), least) ||
           !is_number_about(sv_skip(range, head + dash.len), most);
}

/* The lowest grade of a scale is 1, not 0, and says "nothing reached": points are counted from
 * there, as Moodle's own percentages are. Moodle puts the outcome's id where the scale's should be
 * (4.1 to 4.5), so the range has to tell. */
static bool scale_base(const json_t *row, struct dec *base) {
    return (moodle_number(json_object_get(row, "scaleid"), 0) != 0 || is_range_of_scale(row)) &&
           js_decimal(json_object_get(row, "grademin"), base);
}

static void grade_item_describe(struct moodle_read *m, const json_t *row, size_t index) {
    struct model_item *item = &m->build.out->items[index];
    if (item->title.len == 0) {
        item->title = moodle_plain(m->build.arena, js_sv(json_object_get(row, "itemname")));
    }
    struct dec maximum = {0};
    struct dec base = {0};
    m->hides_maxima = m->hides_maxima || json_object_get(row, "grademax") == NULL;
    if (js_decimal(json_object_get(row, "grademax"), &maximum)) {
        item->maximum = scale_base(row, &base) ? dec_sub(maximum, base) : maximum;
        item->has_maximum = !dec_is_zero(item->maximum);
    }
}

/* attacks.md F15 */
bool moodle_is_shown(const json_t *row) {
    return moodle_number(json_object_get(row, "gradeishidden"), 1) == 0 &&
           moodle_number(json_object_get(row, "gradehiddenbydate"), 1) == 0;
}

void moodle_row_sign(struct moodle_sign *sign, const json_t *row, const struct model_fact *f,
                     bool is_total) {
    char text[256];
    char score[DEC_TEXT_MAX] = "-";
    char maximum[DEC_TEXT_MAX] = "-";
    char weight[32] = "-";
    int64_t id = moodle_number(json_object_get(row, "id"), -1);
    const json_t *raw = json_object_get(row, "weightraw");
    struct dec most = {0};
    if (f != NULL && f->has_score) {
        (void)dec_format(f->score, score);
    }
    if (js_decimal(json_object_get(row, "grademax"), &most)) {
        (void)dec_format(most, maximum);
    }
    if (json_is_number(raw)) {
        (void)snprintf(weight, sizeof weight, "%.6g", json_number_value(raw));
    }
    int n = snprintf(text, sizeof text, "%lld %s %s %d %d %lld %lld %.*s", (long long)id, score,
                     maximum, f != NULL && f->is_posted, f == NULL ? 0 : (int)f->completion,
                     f == NULL ? 0 : (long long)f->submitted_at,
                     f == NULL ? 0 : (long long)f->graded_at, f == NULL ? 0 : (int)f->letter.len,
                     f == NULL || f->letter.len == 0 ? "" : f->letter.ptr);
    sign->report = moodle_digest(sign->report, sv_of(text, (size_t)n));
    if (f != NULL && f->has_score) {
        n = snprintf(text, sizeof text, "%lld", (long long)id);
        sign->filled = moodle_digest(sign->filled, sv_of(text, (size_t)n));
    }
    if (!is_total) { /* its maximum depends on what is graded */
        n = snprintf(text, sizeof text, "%lld %d", (long long)id, moodle_is_shown(row));
        sign->columns = moodle_digest(sign->columns, sv_of(text, (size_t)n));
        n = snprintf(text, sizeof text, "%lld %s %s", (long long)id, maximum, weight);
        sign->shape = moodle_digest(sign->shape, sv_of(text, (size_t)n));
    }
}

/* The pass mark itself is not told, only what came of it: an icon before a grade that is shown. */
static enum model_completion pass_of(const json_t *row) {
    static const char *const failed[] = {"text-danger", "fa-times", "fa-xmark", "i/invalid"};
    static const char *const passed[] = {"text-success", "fa-check", "i/valid"};
    struct sv icon = sv_trim(js_sv(json_object_get(row, "gradeformatted")));
    if (!sv_starts(icon, SV("<"))) {
        return MODEL_COMPLETION_UNKNOWN;
    }
    icon = sv_head(icon, sv_find(icon, '>'));
    for (size_t i = 0; i < ARRAY_LEN(failed); i++) {
        if (memmem(icon.ptr, icon.len, failed[i], strlen(failed[i])) != NULL) {
            return MODEL_COMPLETION_FAILED;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
        if (memmem(icon.ptr, icon.len, passed[i], strlen(passed[i])) != NULL) {
            return MODEL_COMPLETION_PASSED;
        }
    }
    return MODEL_COMPLETION_UNKNOWN;
}

static bool is_letter(struct sv text) {
    bool is_word =
        text.len > 0 && text.len <= LETTER_BYTES_MAX &&
        (((unsigned char)text.ptr[0] | 0x20) >= 'a' || (unsigned char)text.ptr[0] >= 0x80);
    for (size_t i = 0; i < text.len; i++) {
        is_word = is_word && (text.ptr[i] < '0' || text.ptr[i] > '9') && text.ptr[i] != '<';
    }
    return is_word;
}

/* In a column of its own, or as the grade is shown: "B+", "B+ (88.00 %)", "88.00 (B+)", behind an
 * icon. A scale's word is no letter. */
static struct sv letter_of(const json_t *row) {
    struct sv letter = sv_trim(js_sv(json_object_get(row, "lettergradeformatted")));
    struct sv text = sv_trim(js_sv(json_object_get(row, "gradeformatted")));
    if (letter.len > 0 || is_range_of_scale(row)) {
        return letter.len <= LETTER_BYTES_MAX && sv_find(letter, '<') == letter.len
                   ? letter
                   : sv_of(NULL, 0);
    }
    while (sv_starts(text, SV("<")) && sv_find(text, '>') < text.len) {
        text = sv_trim(sv_skip(text, sv_find(text, '>') + 1));
    }
    struct sv first = {0};
    struct sv second = {0};
    (void)sv_cut(sv_head(text, sv_find(text, '<')), '(', &first, &second);
    first = sv_trim(first);
    second = sv_trim(sv_head(second, sv_find(second, ')')));
    return is_letter(first) ? first : is_letter(second) ? second : sv_of(NULL, 0);
}

bool moodle_is_stale(struct moodle_read *m, const json_t *row, size_t person) {
    bool is_stale = moodle_number(json_object_get(row, "gradeneedsupdate"), 0) != 0;
    struct moodle_sign *sign = &m->persons[person].sign;
    sign->is_fresh = sign->is_fresh || is_stale;
    m->is_stale = m->is_stale || is_stale;
    return is_stale;
}

void moodle_grade_fill(struct moodle_read *m, const json_t *row, bool has_score, struct dec score,
                       struct model_fact *fact) {
    struct dec base = {0};
    fact->has_score = has_score;
    fact->score = !has_score               ? dec_from_i64(0)
                  : scale_base(row, &base) ? dec_sub(score, base)
                                           : score;
    fact->is_posted = has_score && moodle_is_shown(row);
    if (fact->is_posted && !m->build.out->items[fact->item_index].has_completion) {
        fact->completion = pass_of(row);
    }
    fact->submitted_at = moodle_time(json_object_get(row, "gradedatesubmitted"));
    fact->graded_at = has_score ? moodle_time(json_object_get(row, "gradedategraded")) : 0;
    if (has_score) {
        fact->letter = moodle_plain(m->build.arena, letter_of(row));
    }
}

/* What is stored stays as it is. */
static bool grade_keep(struct moodle_read *m, size_t person, size_t index, struct err *err) {
    struct model_fact *fact = NULL;
    if (!moodle_fact(m, person, index, &fact, err)) {
        return false;
    }
    fact->is_kept = true;
    return true;
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
    bool has_raw = raw != NULL && !json_is_null(raw);
    struct dec score = {0};
    m->hides_grades = m->hides_grades || raw == NULL;
    if (moodle_is_stale(m, row, person) || raw == NULL) {
        return grade_keep(m, person, index, err);
    }
    if (has_raw && !js_decimal(raw, &score)) {
        return moodle_shape(MOODLE_GRADES, err);
    }
    struct model_fact *fact = NULL;
    if (has_raw || moodle_time(json_object_get(row, "gradedatesubmitted")) != 0) {
        if (!moodle_fact(m, person, index, &fact, err)) {
            return false;
        }
        moodle_grade_fill(m, row, has_raw, score, fact);
    }
    moodle_row_sign(&m->persons[person].sign, row, fact, false);
    return true;
}

/* The person a report is of; false with ERR_NONE: nobody we ask about. */
static bool owner_find(struct moodle_read *m, const json_t *user, struct sv ref, bool knows_people,
                       size_t *person, struct err *err) {
    bool is_known = grades_index_find(&m->build.members, ref, person);
    if (knows_people) {
        return is_known && m->build.out->members[*person].is_learner;
    }
    if (!is_known) { /* Moodle lists gradable people only: learners */
        if (!grades_build_member(&m->build, ref, person, &is_known, err)) {
            return false;
        }
        struct model_member *member = &m->build.out->members[*person];
        member->name = moodle_plain(m->build.arena, js_sv(json_object_get(user, "userfullname")));
        member->is_learner = true;
        moodle_persons_reserve(m);
        m->persons[*person].sign.access = -1;
    }
    return true;
}

bool moodle_grades_take(struct moodle_read *m, const json_t *user, bool knows_people,
                        struct sv *ref, struct err *err) {
    size_t person = 0;
    const json_t *rows = NULL;
    struct err failed = {0};
    arena_reset(m->scratch);
    if (!moodle_id(json_object_get(user, "userid"), m->scratch, ref) ||
        !js_array(user, "gradeitems", &rows) || rows == NULL) {
        return moodle_shape(MOODLE_GRADES, err);
    }
    if (!owner_find(m, user, *ref, knows_people, &person, &failed)) {
        *err = failed.code == ERR_NONE ? *err : failed;
        return failed.code == ERR_NONE;
    }
    *ref = m->build.out->members[person].person_ref;
    struct moodle_person *notes = &m->persons[person];
    if (notes->has_grades) {
        return true;
    }
    notes->has_grades = true;
    notes->from = m->build.out->fact_count;
    notes->sign.report = notes->sign.filled = MOODLE_DIGEST;
    notes->sign.shape = notes->sign.columns = MOODLE_DIGEST;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        if (!grade_row_take(m, json_array_get(rows, i), person, err)) {
            return false;
        }
    }
    if (!moodle_total_take(m, user, person, err)) {
        return false;
    }
    notes->to = m->build.out->fact_count;
    return true;
}
