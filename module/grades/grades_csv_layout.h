/* Reading a file row by row, one layout each file. Inside this room only. */
#pragma once
#include "grades_build.h"
#include "grades_csv.h"

#define CSV_PERSON_BYTES_MAX 255
#define CSV_ITEM_BYTES_MAX 500
#define CSV_LETTER_BYTES_MAX 64

struct csv_layout;
struct csv_keep;

/* A word behind an item's name that no list has, judged by what stands below it (Moodle). */
struct csv_word {
    struct sv text;
    size_t percents, numbers, others; /* cells; "-" and empty ones are none of them */
};

/* What stays between the readings of a file. */
struct csv_memory {
    struct grades_build build;
    struct grades_index items; /* as the build's, by keys of our own */
    struct grades_index seen;  /* keys of rows taken, to their number */
    struct csv_word *words;
    size_t word_count;
    uint32_t *counts; /* facts by member */
    size_t count_cap;
};

struct csv_reader {
    struct csv_memory *memory;
    struct grades_csv_survey *out; /* NULL: not the survey */
    const struct grades_csv_choices *choices;
    struct arena *arena; /* lasts as long as this reading of the file */
    struct arena line;   /* the row at hand */
    const struct csv_layout *layout;
    void *state;                /* the layout's own */
    struct sv *cells;           /* of the row at hand, trimmed; in `line` */
    size_t cell_count, columns; /* columns: of the header row */
    size_t row;                 /* 1 is the header */
    bool is_row_begun, is_failed, is_over;
    bool is_judging;         /* words are looked at, nothing is taken; the file is read again */
    bool is_new;             /* csv_member made it */
    struct model_fact fact;  /* where a layout writes what is not kept */
    struct model_fact *last; /* the one it was given last */
    size_t fact_count;
    struct csv_keep *keep; /* NULL: the survey */
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
/* What was chosen for a column; NULL: nothing. While the header row is at hand. */
const struct grades_csv_choice *csv_choice(const struct csv_reader *r, size_t column);
/* Somebody chose another use for it, or none. */
bool csv_is_chosen(const struct csv_reader *r, size_t column);
/* The column chosen for that use, else the first of the names that nothing else was chosen for; or
 * SIZE_MAX. While the header row is at hand. */
size_t csv_identity(const struct csv_reader *r, enum grades_csv_use use, const char *const *names,
                    size_t name_count);
/* Says what a column of the header is used for, once. */
void csv_describe(struct csv_reader *r, size_t column, enum grades_csv_use use, struct sv words);
/* The same of the columns that find people; SIZE_MAX: there is none such. */
void csv_describe_people(struct csv_reader *r, size_t school, size_t platform, size_t login,
                         size_t email);
/* What identifies a row: the first of these columns that says something; "row 7" when the file has
 * none of them, so that somebody can choose one. Fails: "empty"; `names` are the columns' names. */
NODISCARD bool csv_row_ref(struct csv_reader *r, const size_t *columns, size_t count,
                           const char *names, struct sv *ref);
/* ERR_INPUT. Always false. */
bool csv_stop(struct csv_reader *r, const char *reason, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* "8.5" or "8,5"; not "1.234,5" or "1,234.5", which mean different things to different people. */
NODISCARD bool csv_number(struct sv text, struct dec *out);
/* Each key once. False (failed) when a row had it before; `what` names it. */
NODISCARD bool csv_once(struct csv_reader *r, struct sv key, const char *what);
/* A person of a row; `ref` identifies it in the file. r->is_new: names are to be filled in. */
NODISCARD bool csv_member(struct csv_reader *r, struct sv ref, struct model_member **out);
/* The item with this kind and ref, made when it is new; the array moves when it grows. */
NODISCARD bool csv_item(struct csv_reader *r, enum model_item_kind kind, struct sv ref,
                        struct sv title, size_t *index);
/* What a cell says of a person and an item; to be filled in before anything else is asked for. */
NODISCARD bool csv_fact(struct csv_reader *r, const struct model_member *member, size_t item,
                        struct model_fact **out);
/* A letter of a fact, kept as long as the fact is. */
struct sv csv_letter(struct csv_reader *r, struct sv text);
/* For texts of items and members, which outlive this reading of the file. */
static inline struct arena *csv_lasting(struct csv_reader *r) { return r->memory->build.arena; }

/* Results of a few people, until they are whole (grades_csv_keep.c). */
struct csv_keep *csv_keep_create(struct arena *a, const struct csv_memory *memory,
                                 const bool *is_wanted,
                                 bool (*take)(void *ctx, const struct model_fact *facts,
                                              size_t count, struct err *err),
                                 void *ctx);
void csv_keep_release(struct csv_keep *keep);
/* Nobody is left. */
bool csv_keep_is_done(const struct csv_keep *keep);
/* The file is read from its beginning. */
void csv_keep_rewind(struct csv_keep *keep);
/* Where to write what `row` says of a member; NULL: it is not wanted now. *is_full: there is more
 * of it than the survey saw. */
struct model_fact *csv_keep_fact(struct csv_keep *keep, size_t member, size_t row, bool *is_full);
struct sv csv_keep_text(struct csv_keep *keep, struct sv text);
/* A row is over: hand on who is whole. *is_over: nothing more can be had from this reading. */
NODISCARD bool csv_keep_row(struct csv_keep *keep, bool *is_over, struct err *err);
