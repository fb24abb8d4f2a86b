/* person, item, score, maximum: one result a row. */
#include "grades_csv_layout.h"

enum column { COLUMN_PERSON, COLUMN_ITEM, COLUMN_SCORE, COLUMN_MAXIMUM, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"person", "item", "score", "maximum"};

struct plain {
    size_t at[COLUMN_COUNT]; /* where each column stands */
};

static bool columns_missing(struct csv_reader *r, const char *name) {
    struct str found;
    str_init(&found, &r->line, 4096);
    for (size_t i = 0; i < r->cell_count; i++) {
        str_addf(&found, "%s%.*s", i == 0 ? "" : ", ", SV_ARG(sv_clip_utf8(r->cells[i], 40)));
    }
    return csv_stop(r, "columns",
                    "the first row must name the columns person, item, score and maximum; \"%s\" "
                    "is missing, found are: %.*s",
                    name, SV_ARG(sv_clip_utf8(str_sv(&found), 200)));
}

static bool header(struct csv_reader *r) {
    static const char *const uses[COLUMN_COUNT] = {"person", "item", "score", "maximum"};
    struct plain *p = ARENA_NEW(r->arena, struct plain);
    r->state = p;
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        p->at[c] = csv_column(r, column_names[c]);
        for (size_t i = 0; p->at[c] != SIZE_MAX && i < r->cell_count; i++) {
            if (i != p->at[c] && sv_eq_nocase(r->cells[i], sv_from(column_names[c]))) {
                return csv_stop(r, "columns", "the column \"%s\" is there twice", column_names[c]);
            }
        }
        csv_describe(r, p->at[c], c == COLUMN_PERSON ? GRADES_CSV_PERSON : GRADES_CSV_RESULT,
                     sv_from(uses[c]));
    }
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        if (p->at[c] == SIZE_MAX) {
            return columns_missing(r, column_names[c]);
        }
    }
    return true;
}

static bool numbers_take(struct csv_reader *r, const struct plain *p, struct dec *score,
                         struct dec *maximum) {
    struct sv score_text = csv_cell(r, p->at[COLUMN_SCORE]);
    struct sv maximum_text = csv_cell(r, p->at[COLUMN_MAXIMUM]);
    *score = dec_from_i64(0);
    *maximum = dec_from_i64(0);
    if (score_text.len > 0 && !csv_number(score_text, score)) {
        return csv_stop(r, "number", "row %zu: the score \"%.*s\" is not a number", r->row,
                        SV_ARG(sv_clip_utf8(score_text, 40)));
    }
    if (maximum_text.len > 0 &&
        (!csv_number(maximum_text, maximum) || dec_cmp(*maximum, dec_from_i64(0)) <= 0)) {
        return csv_stop(r, "number", "row %zu: the maximum \"%.*s\" is not a number above zero",
                        r->row, SV_ARG(sv_clip_utf8(maximum_text, 40)));
    }
    return true;
}

static bool row(struct csv_reader *r) {
    const struct plain *p = r->state;
    struct sv person = csv_cell(r, p->at[COLUMN_PERSON]);
    struct sv title = csv_cell(r, p->at[COLUMN_ITEM]);
    bool has_score = csv_cell(r, p->at[COLUMN_SCORE]).len > 0;
    struct dec score;
    struct dec maximum;
    size_t index = 0;
    struct model_member *member = NULL;
    struct model_fact *fact = NULL;
    if (person.len == 0 && title.len == 0 && !has_score) {
        return true;
    }
    if (person.len == 0 || title.len == 0 || person.len > CSV_PERSON_BYTES_MAX ||
        title.len > CSV_ITEM_BYTES_MAX) {
        return csv_stop(r, "empty",
                        "row %zu: person and item must be there, and not longer than %d and %d "
                        "bytes",
                        r->row, CSV_PERSON_BYTES_MAX, CSV_ITEM_BYTES_MAX);
    }
    if (!numbers_take(r, p, &score, &maximum) || !csv_member(r, person, &member) ||
        !csv_item(r, MODEL_ITEM_ACTIVITY, title, title, &index) ||
        !csv_fact(r, member, index, &fact)) {
        return false;
    }
    struct model_item *item = &r->memory->build.out->items[index];
    if (r->out != NULL && !item->has_maximum && !dec_is_zero(maximum)) {
        item->has_maximum = true;
        item->maximum = maximum;
    }
    fact->is_kept = !has_score; /* says nothing, but may be said once only */
    fact->has_score = has_score;
    fact->score = score;
    fact->has_maximum = !dec_is_zero(maximum);
    fact->maximum = maximum;
    fact->is_posted = has_score; /* a teacher hands in what counts */
    return true;
}

const struct csv_layout csv_plain = {.format = GRADES_CSV_PLAIN, .header = header, .row = row};
