#include "grades_csv.h"
#include "grades_csv_layout.h"
#include "grades_table.h"
#include <csv.h>
#include <stdarg.h>
#include <stdio.h>

#define CHUNK_BYTES ((size_t)64 * 1024)
#define CELL_KEPT 4096 /* bytes: names and grades are shorter, and nothing else is used */

/* The plain one takes whatever these leave. */
static const struct csv_layout *const layouts[] = {&csv_moodle, &csv_canvas};

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

const struct grades_csv_choice *csv_choice(const struct csv_reader *r, size_t column) {
    for (size_t i = 0; r->choices != NULL && i < r->choices->count; i++) {
        const struct grades_csv_choice *c = &r->choices->list[i];
        if (c->name.len > 0 ? sv_eq_nocase(c->name, csv_cell(r, column)) : c->column == column) {
            return c;
        }
    }
    return NULL;
}

bool csv_is_chosen(const struct csv_reader *r, size_t column) {
    const struct grades_csv_choice *c = csv_choice(r, column);
    return c != NULL && c->has_use;
}

size_t csv_identity(const struct csv_reader *r, enum grades_csv_use use, const char *const *names,
                    size_t name_count) {
    for (size_t i = 0; i < r->cell_count; i++) {
        const struct grades_csv_choice *c = csv_choice(r, i);
        if (c != NULL && c->has_use && c->use == use) {
            return i;
        }
    }
    for (size_t n = 0; n < name_count; n++) {
        size_t i = csv_column(r, names[n]);
        if (i != SIZE_MAX && !csv_is_chosen(r, i)) {
            return i;
        }
    }
    return SIZE_MAX;
}

void csv_describe(struct csv_reader *r, size_t column, enum grades_csv_use use, struct sv words) {
    if (r->out != NULL && column < r->out->column_count) {
        struct grades_csv_column *c = &r->out->columns[column];
        c->use = use;
        c->is_choosable = use != GRADES_CSV_RESULT && use != GRADES_CSV_PERSON;
        c->words = sv_copy(csv_lasting(r), words);
    }
}

void csv_describe_people(struct csv_reader *r, size_t school, size_t platform, size_t login,
                         size_t email) {
    csv_describe(r, school, GRADES_CSV_SCHOOL, SV("finds the person, by the school's number"));
    csv_describe(r, platform, GRADES_CSV_PLATFORM, SV("finds the person, by Canvas's id"));
    csv_describe(r, login, GRADES_CSV_LOGIN, SV("finds the person, by login"));
    csv_describe(r, email, GRADES_CSV_EMAIL, SV("finds the person, by e-mail address"));
}

bool csv_row_ref(struct csv_reader *r, const size_t *columns, size_t count, const char *names,
                 struct sv *ref) {
    bool has_column = false;
    *ref = sv_of(NULL, 0);
    for (size_t i = 0; i < count && ref->len == 0; i++) {
        has_column = has_column || columns[i] != SIZE_MAX;
        *ref = csv_cell(r, columns[i]);
    }
    if (!has_column) {
        *ref = sv_printf(&r->line, "row %zu", r->row);
    }
    if (ref->len == 0 || ref->len > CSV_PERSON_BYTES_MAX) {
        return csv_stop(r, "empty", "row %zu: no %s says who this is", r->row, names);
    }
    return true;
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

static bool is_blank(const struct csv_reader *r) {
    for (size_t i = 0; i < r->cell_count; i++) {
        if (r->cells[i].len > 0) {
            return false;
        }
    }
    return true;
}

bool csv_once(struct csv_reader *r, struct sv key, const char *what) {
    size_t earlier = 0;
    if (r->keep != NULL) {
        return true; /* the survey has looked */
    }
    if (grades_index_find(&r->memory->seen, key, &earlier)) {
        return csv_stop(r, "repeated", "row %zu repeats the %s of row %zu", r->row, what, earlier);
    }
    grades_index_put(&r->memory->seen, sv_copy(csv_lasting(r), key), r->row);
    return true;
}

static bool changed(struct csv_reader *r) {
    r->is_failed = true;
    return err_because(r->err, ERR_CONFLICT, "file",
                       "the file changed while it was read; upload it again");
}

static bool counts_grow(struct csv_reader *r) {
    struct csv_memory *m = r->memory;
    size_t members = m->build.out->member_count;
    if (members > m->count_cap) {
        size_t cap = m->count_cap == 0 ? 256 : 2 * m->count_cap;
        uint32_t *counts = ARENA_ARRAY(csv_lasting(r), uint32_t, cap);
        if (m->count_cap > 0) {
            memcpy(counts, m->counts, m->count_cap * sizeof *counts);
        }
        m->counts = counts;
        m->count_cap = cap;
    }
    return true;
}

bool csv_member(struct csv_reader *r, struct sv ref, struct model_member **out) {
    struct grades_build *b = &r->memory->build;
    size_t index = 0;
    r->is_new = !grades_index_find(&b->members, ref, &index);
    if (r->is_new && r->keep != NULL) {
        return changed(r);
    }
    if (r->is_new && b->out->member_count == GRADES_MEMBERS_MAX) {
        return csv_stop(r, "size", "row %zu: the file has more than %d people", r->row,
                        GRADES_MEMBERS_MAX);
    }
    if (r->is_new && !(grades_build_member(b, ref, &index, &r->is_new, r->err) && counts_grow(r))) {
        r->is_failed = true;
        return false;
    }
    *out = &b->out->members[index];
    if (r->is_new) {
        (*out)->sub = sv_of(NULL, 0); /* a file knows none */
        (*out)->is_learner = true;
    }
    return true;
}

bool csv_item(struct csv_reader *r, enum model_item_kind kind, struct sv ref, struct sv title,
              size_t *index) {
    struct csv_memory *m = r->memory;
    struct grades_reading *reading = m->build.out;
    struct sv key = sv_printf(&r->line, "%d:%.*s", (int)kind, SV_ARG(ref));
    if (grades_index_find(&m->items, key, index)) {
        return true;
    }
    if (r->keep != NULL) {
        return changed(r);
    }
    if (reading->item_count == GRADES_ITEMS_MAX) {
        return csv_stop(r, "size", "row %zu: the file has more than %d items", r->row,
                        GRADES_ITEMS_MAX);
    }
    if (!grades_build_item(&m->build, kind, ref, index, r->err)) {
        r->is_failed = true;
        return false;
    }
    grades_index_put(&m->items, sv_copy(csv_lasting(r), key), *index);
    reading->items[*index].title = sv_copy(csv_lasting(r), title);
    return true;
}

/* The layout has filled in what it was given. */
static void settle(struct csv_reader *r) {
    const struct model_fact *f = r->last;
    if (f != NULL && r->out != NULL) {
        r->out->result_count += f->has_score || f->is_excused || f->letter.len > 0 ? 1 : 0;
    }
    r->last = NULL;
}

static bool fact_count(struct csv_reader *r, size_t member) {
    uint32_t *count = &r->memory->counts[member];
    if (++r->fact_count > GRADES_CSV_RESULTS_MAX || ++*count > GRADES_ITEMS_MAX) {
        return csv_stop(r, "size", "row %zu: %s", r->row,
                        r->fact_count > GRADES_CSV_RESULTS_MAX
                            ? "the file has more than 12 million results"
                            : "more results of one person than there can be items");
    }
    return true;
}

bool csv_fact(struct csv_reader *r, const struct model_member *member, size_t item,
              struct model_fact **out) {
    size_t index = (size_t)(member - r->memory->build.out->members);
    bool is_full = false;
    settle(r);
    *out = r->keep == NULL ? NULL : csv_keep_fact(r->keep, index, r->row, &is_full);
    if (is_full) {
        return changed(r);
    }
    if (r->keep == NULL && !fact_count(r, index)) {
        return false;
    }
    *out = *out == NULL ? &r->fact : *out;
    **out = (struct model_fact){.person_ref = member->person_ref, .item_index = item};
    r->last = *out;
    return true;
}

struct sv csv_letter(struct csv_reader *r, struct sv text) {
    return r->last != &r->fact ? csv_keep_text(r->keep, text) : text;
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

static bool cell_too_long(struct csv_reader *r) {
    return csv_stop(r, "cell", "row %zu: a cell is longer than %d bytes (is a quote not closed?)",
                    r->row, GRADES_CSV_CELL_MAX);
}

static void take_cell(void *bytes, size_t len, void *ctx) {
    struct csv_reader *r = ctx;
    if (r->is_failed || r->is_over) {
        return;
    }
    struct sv text = without_guard(sv_trim(sv_of(bytes, len)));
    r->is_row_begun = true;
    if (len > GRADES_CSV_CELL_MAX) {
        (void)cell_too_long(r);
    } else if (!sv_is_utf8(text)) {
        (void)csv_stop(r, "utf8", "row %zu: the file is not UTF-8 text: save it as \"CSV UTF-8\"",
                       r->row);
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
        r->cells[r->cell_count++] = sv_copy(&r->line, sv_clip_utf8(text, CELL_KEPT));
    }
}

static struct sv choice_words(struct csv_reader *r, size_t column) {
    const struct grades_csv_choice *c = csv_choice(r, column);
    return c != NULL && c->has_use && c->use == GRADES_CSV_UNUSED ? SV("left out") : SV("not used");
}

static void columns_take(struct csv_reader *r) {
    struct grades_csv_survey *out = r->out;
    out->columns = ARENA_ARRAY(csv_lasting(r), struct grades_csv_column, r->columns);
    out->column_count = r->columns;
    for (size_t i = 0; i < r->columns; i++) {
        const struct grades_csv_choice *c = csv_choice(r, i);
        out->columns[i] = (struct grades_csv_column){.name = sv_copy(csv_lasting(r), r->cells[i]),
                                                     .words = choice_words(r, i),
                                                     .is_choosable = true,
                                                     .is_left_out = c != NULL && c->has_use &&
                                                                    c->use == GRADES_CSV_UNUSED};
        if (c != NULL) {
            out->columns[i].maximum = sv_copy(csv_lasting(r), c->maximum);
        }
    }
}

/* A choice that fits no column was made for another file, or has a typing error. */
static bool choices_check(struct csv_reader *r) {
    for (size_t i = 0; r->choices != NULL && i < r->choices->count; i++) {
        const struct grades_csv_choice *c = &r->choices->list[i];
        struct dec maximum;
        if (c->name.len > 0 ? csv_column(r, sv_c(&r->line, c->name)) == SIZE_MAX
                            : c->column >= r->columns) {
            return csv_stop(r, "choice", "the file has no column \"%.*s\"",
                            SV_ARG(sv_clip_utf8(c->name, 80)));
        }
        if (c->maximum.len > 0 &&
            (!csv_number(c->maximum, &maximum) || dec_cmp(maximum, dec_from_i64(0)) <= 0)) {
            return csv_stop(r, "choice", "the maximum \"%.*s\" is not a number above zero",
                            SV_ARG(sv_clip_utf8(c->maximum, 40)));
        }
    }
    return true;
}

static void header_take(struct csv_reader *r) {
    r->columns = r->cell_count;
    if (!choices_check(r)) {
        return;
    }
    r->layout = &csv_plain;
    for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
        r->layout = layouts[i]->is_mine(r) ? layouts[i] : r->layout;
    }
    if (r->out != NULL) {
        r->out->format = r->layout->format;
        columns_take(r);
    }
    (void)r->layout->header(r);
}

static void row_take(struct csv_reader *r) {
    if (r->row > GRADES_CSV_ROWS_MAX) {
        (void)csv_stop(r, "rows", "the file has more than %d rows", GRADES_CSV_ROWS_MAX);
    } else if (r->row == 1) {
        header_take(r);
    } else if (!is_blank(r)) { /* ";;;": spreadsheets leave such rows behind */
        (void)r->layout->row(r);
    }
    settle(r);
    if (!r->is_failed && r->keep != NULL && !csv_keep_row(r->keep, &r->is_over, r->err)) {
        r->is_failed = true;
    }
}

static void take_row_end(int terminator, void *ctx) {
    struct csv_reader *r = ctx;
    (void)terminator;
    if (r->is_failed || r->is_over || !r->is_row_begun) {
        return;
    }
    row_take(r);
    r->row++;
    r->cell_count = 0;
    r->is_row_begun = false;
    arena_reset(&r->line);
}

/* What stands before the header row: a byte order mark, and Excel's "sep=;". */
static bool beginning_take(struct csv_reader *r, struct sv *chunk, char *separator) {
    if (sv_starts(*chunk, SV("PK\x03\x04"))) {
        return csv_stop(r, "workbook",
                        "this is a spreadsheet's workbook, not a CSV file: save it as \"CSV "
                        "UTF-8\"");
    }
    if (sv_starts(*chunk, SV("\xEF\xBB\xBF"))) {
        *chunk = sv_skip(*chunk, 3);
    }
    if (sv_starts(*chunk, SV("sep=")) && chunk->len > 5 &&
        (chunk->ptr[5] == '\r' || chunk->ptr[5] == '\n') && strchr(",;\t", chunk->ptr[4]) != NULL) {
        *separator = chunk->ptr[4];
        *chunk = sv_skip(*chunk, 5);
        return true;
    }
    *separator = grades_table_separator(*chunk);
    return true;
}

static bool quotes_wrong(struct csv_reader *r) {
    return r->is_failed || csv_stop(r, "quotes", "row %zu: the quotes do not fit together", r->row);
}

static bool chunks_take(struct csv_reader *r, struct csv_parser *parser,
                        const struct grades_csv_file *file, char *buffer) {
    for (size_t at = 0; !r->is_failed && !r->is_over;) {
        size_t len = 0;
        if (!file->read(file->ctx, at, buffer, CHUNK_BYTES, &len, r->err)) {
            return false;
        }
        if (len == 0) {
            return csv_fini(parser, take_cell, take_row_end, r) == 0 || quotes_wrong(r);
        }
        struct sv chunk = sv_of(buffer, len);
        char separator = ',';
        if (at == 0) {
            if (!beginning_take(r, &chunk, &separator)) {
                return false;
            }
            csv_set_delim(parser, (unsigned char)separator);
        }
        at += len;
        if (csv_parse(parser, chunk.ptr, chunk.len, take_cell, take_row_end, r) != chunk.len) {
            return quotes_wrong(r);
        }
        if (csv_get_buffer_size(parser) > CHUNK_BYTES + (size_t)2 * GRADES_CSV_CELL_MAX) {
            return cell_too_long(r);
        }
    }
    return !r->is_failed;
}

/* Once through the file, with memory of its own. */
static bool read_through(struct csv_reader *r, struct arena *a,
                         const struct grades_csv_file *file) {
    struct csv_parser parser;
    r->arena = a;
    r->row = 1;
    r->cells = ARENA_ARRAY(a, struct sv, GRADES_CSV_COLUMNS_MAX);
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        return err_set(r->err, ERR_BUG, "libcsv did not start");
    }
    bool is_read =
        chunks_take(r, &parser, file, ARENA_ARRAY(a, char, CHUNK_BYTES)) && !r->is_failed;
    csv_free(&parser);
    if (is_read && r->row == 1) {
        is_read = csv_stop(r, "empty", "the file is empty");
    }
    if (is_read && !r->is_judging && r->out != NULL && r->layout->end != NULL) {
        r->layout->end(r);
    }
    arena_release(&r->line);
    return is_read;
}

static struct csv_memory *memory_create(struct arena *a, struct grades_csv_survey *out) {
    struct csv_memory *m = ARENA_NEW(a, struct csv_memory);
    grades_build_init(&m->build, GRADES_CSV, a, &out->reading);
    grades_index_init(&m->items, a);
    grades_index_init(&m->seen, a);
    out->memory = m;
    return m;
}

static bool survey(const struct grades_csv_file *file, const struct grades_csv_choices *choices,
                   struct csv_memory *memory, struct grades_csv_survey *out, struct err *err) {
    if (file->size > GRADES_CSV_BYTES_MAX) {
        return err_because(err, ERR_INPUT, "size", "the file is larger than %zu MiB",
                           GRADES_CSV_BYTES_MAX >> 20);
    }
    AUTO_ARENA pass = {0};
    struct csv_reader first = {.memory = memory, .choices = choices, .out = out, .err = err};
    if (!read_through(&first, &pass, file)) {
        return false;
    }
    out->rows = first.row - 1;
    if (!first.is_judging) {
        return true;
    }
    arena_release(&pass);
    struct csv_reader again = {.memory = memory, .choices = choices, .out = out, .err = err};
    return read_through(&again, &pass, file);
}

bool grades_csv_survey(const struct grades_csv_file *file, const struct grades_csv_choices *choices,
                       struct arena *a, struct grades_csv_survey *out, struct err *err) {
    *out = (struct grades_csv_survey){0};
    struct csv_memory *memory = memory_create(a, out);
    if (!survey(file, choices, memory, out, err)) {
        *out = (struct grades_csv_survey){.reading = {.kind = GRADES_CSV}};
        return false;
    }
    grades_build_missing(&memory->build, "A file holds scores only: no completion.");
    grades_build_finish(&memory->build);
    out->reading.can |= GRADES_CAN_SCORES | GRADES_CAN_TITLES;
    out->reading.bytes = (int64_t)file->size;
    return true;
}

bool grades_csv_facts(const struct grades_csv_file *file, const struct grades_csv_choices *choices,
                      const struct grades_csv_survey *survey, const bool *is_wanted,
                      bool (*take)(void *ctx, const struct model_fact *facts, size_t count,
                                   struct err *err),
                      void *ctx, struct err *err) {
    AUTO_ARENA a = {0};
    struct csv_keep *keep = csv_keep_create(&a, survey->memory, is_wanted, take, ctx);
    bool is_good = true;
    while (is_good && !csv_keep_is_done(keep)) {
        AUTO_ARENA pass = {0};
        struct csv_reader r = {
            .memory = survey->memory, .choices = choices, .keep = keep, .err = err};
        csv_keep_rewind(keep);
        is_good = read_through(&r, &pass, file);
        if (is_good && !r.is_over) {
            is_good = changed(&r); /* somebody's results are not there any more */
        }
    }
    csv_keep_release(keep);
    return is_good;
}
