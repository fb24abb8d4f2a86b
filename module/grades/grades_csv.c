#include "grades_csv.h"
#include "grades_csv_layout.h"
#include "grades_table.h"
#include <csv.h>
#include <stdarg.h>
#include <stdio.h>

/* The plain one takes whatever these leave. */
static const struct csv_layout *const layouts[] = {&csv_canvas, &csv_moodle};

const char *grades_csv_format_name(enum grades_csv_format format) {
    static const char *const names[] = {"The plain format", "Canvas's gradebook export",
                                        "Moodle's grade export"};
    return names[format];
}

bool csv_stop(struct csv_reader *r, const char *reason, const char *fmt, ...) {
    char text[400];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    r->is_failed = true;
    return err_because(r->err, ERR_INPUT, reason, "%s", text);
}

struct sv csv_cell(const struct csv_reader *r, size_t column) {
    return column < r->cell_count ? r->cells[column] : sv_of(NULL, 0);
}

size_t csv_column(const struct csv_reader *r, const char *name) {
    for (size_t i = 0; i < r->cell_count; i++) {
        if (sv_eq_nocase(r->cells[i], sv_from(name))) {
            return i;
        }
    }
    return SIZE_MAX;
}

void csv_describe(struct csv_reader *r, size_t column, struct sv use) {
    if (column < r->map->column_count) {
        r->map->columns[column].use = sv_copy(r->arena, use);
    }
}

bool csv_number(struct sv text, struct dec *out) {
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

bool csv_is_blank(const struct csv_reader *r) {
    for (size_t i = 0; i < r->cell_count; i++) {
        if (r->cells[i].len > 0) {
            return false;
        }
    }
    return true;
}

bool csv_once(struct csv_reader *r, struct sv key, const char *what) {
    size_t earlier = 0;
    if (grades_index_find(&r->seen, key, &earlier)) {
        return csv_stop(r, "repeated", "row %zu repeats the %s of row %zu", r->row, what, earlier);
    }
    grades_index_put(&r->seen, sv_copy(r->arena, key), r->row);
    return true;
}

bool csv_member(struct csv_reader *r, struct sv ref, struct model_member **out) {
    size_t index = 0;
    bool is_new = false;
    if (!grades_build_member(&r->build, ref, &index, &is_new, r->err)) {
        r->is_failed = true;
        return false;
    }
    *out = &r->build.out->members[index];
    (*out)->sub = sv_of(NULL, 0); /* a file knows none */
    (*out)->is_learner = true;
    return true;
}

bool csv_item(struct csv_reader *r, enum model_item_kind kind, struct sv ref, struct sv title,
              size_t *index) {
    if (!grades_build_item(&r->build, kind, ref, index, r->err)) {
        r->is_failed = true;
        return false;
    }
    struct model_item *item = &r->build.out->items[*index];
    item->title = item->title.len > 0 ? item->title : sv_copy(r->arena, title);
    return true;
}

bool csv_fact(struct csv_reader *r, const struct model_member *member, size_t item,
              struct model_fact **out) {
    if (!grades_build_fact(&r->build, member->person_ref, item, out, r->err)) {
        r->is_failed = true;
        return false;
    }
    return true;
}

/* Spreadsheets and exports keep a text from being run as a formula by a leading apostrophe, or by
 * writing ="text". */
static struct sv without_guard(struct sv text) {
    if (text.len > 1 && text.ptr[0] == '\'' && strchr("=+-@", text.ptr[1]) != NULL) {
        return sv_skip(text, 1);
    }
    if (text.len >= 3 && sv_starts(text, SV("=\"")) && sv_ends(text, SV("\""))) {
        return sv_trim(sv_head(sv_skip(text, 2), text.len - 3));
    }
    return text;
}

static void take_cell(void *bytes, size_t len, void *ctx) {
    struct csv_reader *r = ctx;
    if (r->is_failed) {
        return;
    }
    struct sv text = without_guard(sv_trim(sv_of(bytes, len)));
    r->is_row_begun = true;
    if (len > GRADES_CSV_CELL_MAX) {
        (void)csv_stop(r, "cell",
                       "row %zu: a cell is longer than %d bytes (is a quote not closed?)", r->row,
                       GRADES_CSV_CELL_MAX);
    } else if (r->row == 1 && r->cell_count >= GRADES_CSV_COLUMNS_MAX) {
        (void)csv_stop(r, "columns", "the file has more than %d columns", GRADES_CSV_COLUMNS_MAX);
    } else if (r->row > 1 && r->cell_count >= r->columns) {
        if (text.len > 0) {
            (void)csv_stop(r, "cells",
                           "row %zu has more cells than the first row names: a text or number with "
                           "the separator in it needs quotes",
                           r->row);
        }
    } else {
        r->cells[r->cell_count++] = sv_copy(&r->line, text);
    }
}

static void header_take(struct csv_reader *r) {
    r->columns = r->cell_count;
    r->map->columns = ARENA_ARRAY(r->arena, struct grades_csv_column, r->columns);
    r->map->column_count = r->columns;
    for (size_t i = 0; i < r->columns; i++) {
        r->map->columns[i] = (struct grades_csv_column){.name = sv_copy(r->arena, r->cells[i]),
                                                        .use = SV("not used")};
    }
    r->layout = &csv_plain;
    for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
        r->layout = layouts[i]->is_mine(r) ? layouts[i] : r->layout;
    }
    r->map->format = r->layout->format;
    (void)r->layout->header(r);
}

static void take_row_end(int terminator, void *ctx) {
    struct csv_reader *r = ctx;
    (void)terminator;
    if (r->is_failed || !r->is_row_begun) {
        return;
    }
    if (r->row > GRADES_CSV_ROWS_MAX) {
        (void)csv_stop(r, "rows", "the file has more than %d rows", GRADES_CSV_ROWS_MAX);
        return;
    }
    if (r->row == 1) {
        header_take(r);
    } else if (!csv_is_blank(r)) { /* ";;;": spreadsheets leave such rows behind */
        (void)r->layout->row(r);
    }
    r->row++;
    r->cell_count = 0;
    r->is_row_begun = false;
    arena_reset(&r->line);
}

static bool parse_with(struct csv_parser *parser, struct csv_reader *r, struct sv file) {
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
                      struct grades_csv_map *map, struct err *err) {
    struct grades_csv_map unshown = {0};
    map = map == NULL ? &unshown : map;
    *map = (struct grades_csv_map){0};
    *out = (struct grades_reading){.kind = GRADES_CSV};
    if (!grades_table_text(&file, GRADES_CSV_BYTES_MAX, err)) {
        return false;
    }
    struct csv_reader r = {.arena = a, .map = map, .row = 1, .err = err};
    grades_build_init(&r.build, GRADES_CSV, a, out);
    grades_index_init(&r.seen, a);
    r.cells = ARENA_ARRAY(a, struct sv, GRADES_CSV_COLUMNS_MAX);
    struct csv_parser parser;
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        return err_set(err, ERR_BUG, "libcsv did not start");
    }
    bool is_parsed = parse_with(&parser, &r, file);
    csv_free(&parser);
    if (is_parsed && r.layout->end != NULL) {
        r.layout->end(&r);
    }
    arena_release(&r.line);
    if (!is_parsed) {
        *out = (struct grades_reading){.kind = GRADES_CSV};
        *map = (struct grades_csv_map){0};
        return false;
    }
    grades_build_missing(&r.build, "A file holds scores only: no completion.");
    grades_build_finish(&r.build);
    out->can |= GRADES_CAN_SCORES | GRADES_CAN_TITLES;
    out->bytes = (int64_t)file.len;
    return true;
}
