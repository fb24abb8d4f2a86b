#include "grades_people.h"
#include "grades_table.h"
#include <csv.h>

#define COLUMNS_MAX 256
#define USER_ID_BYTES_MAX 200
#define TEXT_BYTES_MAX 500
#define HALF_DAY (INT64_C(12) * 3600 * USEC_PER_S)

enum column { USER_ID, NAME, EMAIL, BADGE, ISSUED_AT, COLUMN_COUNT };
static const char *const names[COLUMN_COUNT] = {"user_id", "name", "email", "badge", "issued_at"};

struct reader {
    struct arena *arena;
    struct sv cells[COLUMN_COUNT];
    size_t at[COLUMN_COUNT]; /* where each column stands; SIZE_MAX: nowhere */
    size_t row, cell;        /* row 1 is the header */
    bool is_row_begun, is_failed;
    usec_t now;
    struct grades_person *people;
    size_t count, cap;
    struct err *err;
};

#define STOP(r, reason, ...)                                                                       \
    do {                                                                                           \
        (void)err_because((r)->err, ERR_INPUT, (reason), __VA_ARGS__);                             \
        (r)->is_failed = true;                                                                     \
    } while (0)

static void header_cell(struct reader *r, struct sv name) {
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        if (!sv_eq_nocase(name, sv_from(names[c]))) {
            continue;
        }
        if (r->at[c] != SIZE_MAX) {
            STOP(r, "columns", "the column \"%s\" is there twice", names[c]);
            return;
        }
        r->at[c] = r->cell;
    }
}

static void take_cell(void *text, size_t len, void *ctx) {
    struct reader *r = ctx;
    r->is_row_begun = true;
    struct sv value = sv_trim(sv_of(text, len));
    if (r->is_failed) {
        return;
    }
    if (r->cell >= COLUMNS_MAX || len > TEXT_BYTES_MAX) {
        STOP(r, "cell", "row %zu: more than %d columns, or a cell of more than %d bytes", r->row,
             COLUMNS_MAX, TEXT_BYTES_MAX);
        return;
    }
    if (r->row == 1) {
        header_cell(r, value);
    }
    for (size_t c = 0; c < COLUMN_COUNT && r->row > 1; c++) {
        if (r->at[c] == r->cell) {
            r->cells[c] = sv_copy(r->arena, value);
        }
    }
    r->cell++;
}

static bool time_take(struct reader *r, usec_t *out) {
    struct sv text = r->cells[ISSUED_AT];
    int year = 0;
    int month = 0;
    int day = 0;
    *out = 0;
    if (text.len == 0) {
        return true;
    }
    if (date_parse(text, &year, &month, &day)) {
        if (!rfc3339_parse(sv_printf(r->arena, "%.*sT12:00:00Z", SV_ARG(text)), out)) {
            return false;
        }
        bool is_later_today = *out > r->now && *out - r->now < HALF_DAY;
        *out = is_later_today ? r->now : *out;
        return true;
    }
    return rfc3339_parse(text, out);
}

static void person_append(struct reader *r, const struct grades_person *person) {
    if (r->count == r->cap) {
        size_t cap = r->cap == 0 ? 64 : 2 * r->cap;
        struct grades_person *longer = ARENA_ARRAY(r->arena, struct grades_person, cap);
        for (size_t i = 0; i < r->count; i++) {
            longer[i] = r->people[i];
        }
        r->people = longer;
        r->cap = cap;
    }
    r->people[r->count++] = *person;
}

static void row_take(struct reader *r) {
    struct sv id = r->cells[USER_ID];
    usec_t issued_at = 0;
    bool is_empty = true;
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        is_empty = is_empty && r->cells[c].len == 0;
    }
    if (is_empty) {
        return; /* ";;;": spreadsheets leave such rows behind */
    }
    if (id.len == 0 || id.len > USER_ID_BYTES_MAX || !sv_is_printable_ascii(id)) {
        STOP(r, "user_id", "row %zu: user_id must be 1 to %d plain characters", r->row,
             USER_ID_BYTES_MAX);
    } else if (!time_take(r, &issued_at) || issued_at < 0 || issued_at > r->now) {
        STOP(r, "issued_at",
             "row %zu: issued_at must be a past date like 2024-05-31, or a time like "
             "2024-05-31T09:30:00Z",
             r->row);
    } else if (r->cells[BADGE].len > 0 && issued_at == 0) {
        STOP(r, "issued_at", "row %zu: a badge needs the day on which it was issued", r->row);
    } else {
        person_append(r, &(struct grades_person){.user_id = id,
                                                 .name = r->cells[NAME],
                                                 .email = r->cells[EMAIL],
                                                 .badge = r->cells[BADGE],
                                                 .issued_at = issued_at,
                                                 .row = r->row});
    }
}

static void take_row_end(int terminator, void *ctx) {
    struct reader *r = ctx;
    (void)terminator;
    if (r->is_failed || !r->is_row_begun) {
        return;
    }
    if (r->row > GRADES_PEOPLE_ROWS_MAX) {
        STOP(r, "rows", "the file has more than %d rows", GRADES_PEOPLE_ROWS_MAX);
        return;
    }
    if (r->row == 1 && r->at[USER_ID] == SIZE_MAX) {
        STOP(r, "columns",
             "the first row must name the columns user_id and, where there are any, name, email, "
             "badge and issued_at");
        return;
    }
    if (r->row > 1) {
        row_take(r);
    }
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        r->cells[c] = sv_of(NULL, 0);
    }
    r->row++;
    r->cell = 0;
    r->is_row_begun = false;
}

bool grades_people_parse(struct sv file, usec_t now, struct arena *a, struct grades_person **out,
                         size_t *count, struct err *err) {
    struct reader r = {.arena = a, .row = 1, .now = now, .err = err};
    struct csv_parser parser;
    for (size_t c = 0; c < COLUMN_COUNT; c++) {
        r.at[c] = SIZE_MAX;
    }
    if (!grades_table_text(&file, GRADES_PEOPLE_BYTES_MAX, err)) {
        return false;
    }
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        return err_set(err, ERR_BUG, "libcsv did not start");
    }
    csv_set_delim(&parser, (unsigned char)grades_table_separator(file));
    size_t done = csv_parse(&parser, file.ptr, file.len, take_cell, take_row_end, &r);
    bool is_parsed = done == file.len && csv_fini(&parser, take_cell, take_row_end, &r) == 0;
    csv_free(&parser);
    if (!r.is_failed && !is_parsed) {
        STOP(&r, "quotes", "row %zu: the quotes do not fit together", r.row);
    }
    *out = r.people;
    *count = r.count;
    return !r.is_failed;
}
