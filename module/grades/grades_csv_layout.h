/* Reading a file row by row, one layout each file. Inside this room only. */
#pragma once
#include "grades_build.h"
#include "grades_csv.h"

#define CSV_PERSON_BYTES_MAX 255
#define CSV_ITEM_BYTES_MAX 500
#define CSV_LETTER_BYTES_MAX 16

struct csv_layout;
struct csv_reader {
    struct grades_build build;
    struct arena *arena; /* what stays */
    struct arena line;   /* the row at hand */
    struct grades_csv_map *map;
    const struct csv_layout *layout;
    void *state;                /* the layout's own */
    struct sv *cells;           /* of the row at hand, trimmed; in `line` */
    size_t cell_count, columns; /* columns: of the header row */
    size_t row;                 /* 1 is the header */
    struct grades_index seen;   /* keys of rows taken, to their number */
    bool is_row_begun, is_failed;
    struct err *err;
};

struct csv_layout {
    enum grades_csv_format format;
    bool (*is_mine)(const struct csv_reader *r); /* by the header row; NULL: any */
    bool (*header)(struct csv_reader *r);
    bool (*row)(struct csv_reader *r);
    void (*end)(struct csv_reader *r); /* describes the columns; may be NULL */
};
extern const struct csv_layout csv_plain, csv_canvas, csv_moodle;

/* The cell of a column in the row at hand; empty when the row is shorter. */
struct sv csv_cell(const struct csv_reader *r, size_t column);
/* The column of that name (without case), or SIZE_MAX. */
size_t csv_column(const struct csv_reader *r, const char *name);
/* Says what a column of the header is used for. */
void csv_describe(struct csv_reader *r, size_t column, struct sv use);
/* ERR_INPUT. Always false. */
bool csv_stop(struct csv_reader *r, const char *reason, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "8.5" or "8,5"; not "1.234,5" or "1,234.5", which mean different things to different people. */
NODISCARD bool csv_number(struct sv text, struct dec *out);
/* Nothing stands in the row. */
bool csv_is_blank(const struct csv_reader *r);
/* Each key once. False (failed) when a row had it before; `what` names it. */
NODISCARD bool csv_once(struct csv_reader *r, struct sv key, const char *what);
/* A person of a row; `ref` identifies it in the file. */
NODISCARD bool csv_member(struct csv_reader *r, struct sv ref, struct model_member **out);
NODISCARD bool csv_item(struct csv_reader *r, enum model_item_kind kind, struct sv ref,
                        struct sv title, size_t *index);
/* What a cell says of a person and an item. */
NODISCARD bool csv_fact(struct csv_reader *r, const struct model_member *member, size_t item,
                        struct model_fact **out);
