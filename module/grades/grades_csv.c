#include "grades_csv.h"
#include "grades_build.h"
#include "grades_table.h"
#include <csv.h>

#define COLUMNS_MAX 256
#define PERSON_BYTES_MAX 255
#define ITEM_BYTES_MAX 500

enum column { COLUMN_PERSON, COLUMN_ITEM, COLUMN_SCORE, COLUMN_MAXIMUM, COLUMN_COUNT };
static const char *const column_names[COLUMN_COUNT] = {"person", "item", "score", "maximum"};

struct reader {
    struct grades_build build;
    struct arena *arena;
    struct grades_index seen; /* person and item of rows taken */
    size_t at[COLUMN_COUNT];  /* where each column stands */
    size_t columns;           /* in the header row */
    struct sv cells[COLUMN_COUNT];
    struct str header; /* names found, for the error */
    size_t row, cell;  /* row 1 is the header */
    bool is_row_begun;
    struct err *err;
    bool is_failed;
};

static void stop(struct reader *r) { r->is_failed = true; }

#define STOP(r, reason, ...)                                                                       \
    do {                                                                                           \
        (void)err_because((r)->err, ERR_INPUT, (reason), __VA_ARGS__);                             \
        stop(r);                                                                                   \
    } while (0)

static void header_cell(struct reader *r, struct sv name) {
    if (r->cell >= COLUMNS_MAX) {
        STOP(r, "columns", "the file has more than %d columns", COLUMNS_MAX);
        return;
    }
    str_addf(&r->header, "%s%.*s", r->cell == 0 ? "" : ", ", SV_ARG(sv_clip_utf8(name, 40)));
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        if (!sv_eq_nocase(name, sv_from(column_names[c]))) {
            continue;
        }
        if (r->at[c] != SIZE_MAX) {
            STOP(r, "columns", "the column \"%s\" is there twice", column_names[c]);
            return;
        }
        r->at[c] = r->cell;
    }
}

static void header_end(struct reader *r) {
    r->columns = r->cell;
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        if (r->at[c] == SIZE_MAX) {
            STOP(r, "columns",
                 "the first row must name the columns person, item, score and maximum; \"%s\" is "
                 "missing, found are: %.*s",
                 column_names[c], SV_ARG(sv_clip_utf8(str_sv(&r->header), 200)));
            return;
        }
    }
}

static void take_cell(void *bytes, size_t len, void *ctx) {
    struct reader *r = ctx;
    if (r->is_failed) {
        return;
    }
    struct sv text = sv_trim(sv_of(bytes, len));
    r->is_row_begun = true;
    if (len > GRADES_CSV_CELL_MAX) {
        STOP(r, "cell", "row %zu: a cell is longer than %d bytes (is a quote not closed?)", r->row,
             GRADES_CSV_CELL_MAX);
        return;
    }
    if (r->row == 1) {
        header_cell(r, text);
    } else if (r->cell >= r->columns && text.len > 0) {
        STOP(r, "cells",
             "row %zu has more cells than the first row names: a text or number with the "
             "separator in it needs quotes",
             r->row);
    }
    for (size_t c = 0; c < COLUMN_COUNT && r->row > 1; c++) {
        if (r->at[c] == r->cell) {
            r->cells[c] = sv_copy(r->arena, text);
        }
    }
    r->cell++;
}

/* "8.5" or "8,5"; not "1.234,5" or "1,234.5", which mean different things to different people. */
static bool number_parse(struct sv text, struct dec *out) {
    char plain[64];
    if (text.len >= sizeof plain) {
        return false;
    }
    bool has_point = sv_find(text, '.') < text.len;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == ',' && has_point) {
            return false;
        }
        plain[i] = (char)(text.ptr[i] == ',' ? '.' : text.ptr[i]);
    }
    return dec_parse(sv_of(plain, text.len), out); /* refuses a second point */
}

static bool numbers_take(struct reader *r, struct dec *score, struct dec *maximum) {
    struct sv score_text = r->cells[COLUMN_SCORE];
    struct sv maximum_text = r->cells[COLUMN_MAXIMUM];
    *score = dec_from_i64(0);
    *maximum = dec_from_i64(0);
    if (score_text.len > 0 && !number_parse(score_text, score)) {
        STOP(r, "number", "row %zu: the score \"%.*s\" is not a number", r->row,
             SV_ARG(sv_clip_utf8(score_text, 40)));
        return false;
    }
    if (maximum_text.len > 0 &&
        (!number_parse(maximum_text, maximum) || dec_cmp(*maximum, dec_from_i64(0)) <= 0)) {
        STOP(r, "number", "row %zu: the maximum \"%.*s\" is not a number above zero", r->row,
             SV_ARG(sv_clip_utf8(maximum_text, 40)));
        return false;
    }
    return true;
}

/* Each person and item once. */
static bool is_repeated(struct reader *r, struct sv person, struct sv item) {
    struct sv key = sv_printf(r->arena, "%zu:%.*s%.*s", person.len, SV_ARG(person), SV_ARG(item));
    size_t earlier = 0;
    if (grades_index_find(&r->seen, key, &earlier)) {
        STOP(r, "repeated", "row %zu repeats the person and item of row %zu", r->row, earlier);
        return true;
    }
    grades_index_put(&r->seen, key, r->row);
    return false;
}

static void item_describe(struct reader *r, size_t index, struct sv title, struct dec maximum) {
    struct model_item *item = &r->build.out->items[index];
    item->title = title;
    if (!item->has_maximum && !dec_is_zero(maximum)) {
        item->has_maximum = true;
        item->maximum = maximum;
    }
}

static void row_take(struct reader *r) {
    struct sv person = r->cells[COLUMN_PERSON];
    struct sv title = r->cells[COLUMN_ITEM];
    struct dec score;
    struct dec maximum;
    size_t member = 0;
    size_t item = 0;
    bool is_new = false;
    struct model_fact *fact = NULL;
    if (person.len == 0 && title.len == 0 && r->cells[COLUMN_SCORE].len == 0) {
        return; /* ";;;": spreadsheets leave such rows behind */
    }
    if (person.len == 0 || title.len == 0 || person.len > PERSON_BYTES_MAX ||
        title.len > ITEM_BYTES_MAX) {
        STOP(r, "empty",
             "row %zu: person and item must be there, and not longer than %d and %d bytes", r->row,
             PERSON_BYTES_MAX, ITEM_BYTES_MAX);
        return;
    }
    if (!numbers_take(r, &score, &maximum) || is_repeated(r, person, title)) {
        return;
    }
    if (!grades_build_member(&r->build, person, &member, &is_new, r->err) ||
        !grades_build_item(&r->build, MODEL_ITEM_ACTIVITY, title, &item, r->err)) {
        stop(r);
        return;
    }
    r->build.out->members[member].is_learner = true;
    item_describe(r, item, title, maximum);
    if (r->cells[COLUMN_SCORE].len == 0) {
        return;
    }
    struct sv ref = r->build.out->members[member].person_ref;
    if (!grades_build_fact(&r->build, ref, item, &fact, r->err)) {
        stop(r);
        return;
    }
    fact->has_score = true;
    fact->score = score;
    fact->has_maximum = !dec_is_zero(maximum);
    fact->maximum = maximum;
    fact->is_posted = true; /* a teacher hands in what counts */
}

static void take_row_end(int terminator, void *ctx) {
    struct reader *r = ctx;
    (void)terminator;
    if (r->is_failed || !r->is_row_begun) {
        return;
    }
    if (r->row > GRADES_CSV_ROWS_MAX) {
        STOP(r, "rows", "the file has more than %d rows", GRADES_CSV_ROWS_MAX);
        return;
    }
    if (r->row == 1) {
        header_end(r);
    } else {
        row_take(r);
    }
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        r->cells[c] = sv_of(NULL, 0);
    }
    r->row++;
    r->cell = 0;
    r->is_row_begun = false;
}

static bool parse_with(struct csv_parser *parser, struct reader *r, struct sv file) {
    csv_set_delim(parser, (unsigned char)grades_table_separator(file));
    size_t done = csv_parse(parser, file.ptr, file.len, take_cell, take_row_end, r);
    bool is_parsed = done == file.len && csv_fini(parser, take_cell, take_row_end, r) == 0;
    if (r->is_failed) {
        return false;
    }
    if (!is_parsed) {
        return err_because(r->err, ERR_INPUT, "quotes", "row %zu: the quotes do not fit together",
                           r->row);
    }
    if (r->row == 1) {
        return err_because(r->err, ERR_INPUT, "empty", "the file is empty");
    }
    return true;
}

bool grades_csv_parse(struct sv file, struct arena *a, struct grades_reading *out,
                      struct err *err) {
    *out = (struct grades_reading){.kind = GRADES_CSV};
    if (!grades_table_text(&file, GRADES_CSV_BYTES_MAX, err)) {
        return false;
    }
    struct reader r = {
        .arena = a, .row = 1, .at = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX}, .err = err};
    grades_build_init(&r.build, GRADES_CSV, a, out);
    grades_index_init(&r.seen, a);
    str_init(&r.header, a, 4096);
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        return err_set(err, ERR_BUG, "libcsv did not start");
    }
    bool is_parsed = parse_with(&parser, &r, file);
    csv_free(&parser);
    if (!is_parsed) {
        *out = (struct grades_reading){.kind = GRADES_CSV};
        return false;
    }
    grades_build_missing(&r.build, "A file holds scores only: no completion, no course total.");
    grades_build_finish(&r.build);
    out->can = GRADES_CAN_SCORES | GRADES_CAN_TITLES;
    out->bytes = (int64_t)file.len;
    return true;
}
