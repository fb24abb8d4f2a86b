/* A gradebook that a teacher uploads (DESIGN 2, `csv`). A file is read through a window of 64 KiB,
 * once to check everything and to find items and people, and again for the results, a few people at
 * a time: what is held grows with people and columns, not with the file. */
#pragma once
#include "grades_source.h"

#define GRADES_CSV_BYTES_MAX ((size_t)100 << 20)
#define GRADES_CSV_ROWS_MAX 4000000
#define GRADES_CSV_COLUMNS_MAX 2000
#define GRADES_CSV_CELL_MAX 65536       /* what a teacher wrote about an essay */
#define GRADES_CSV_RESULTS_MAX 12000000 /* cells: person x item */

/* Where the bytes are. */
struct grades_csv_file {
    size_t size;
    /* Up to `cap` bytes from `at` on; *len 0: the end. */
    bool (*read)(void *ctx, size_t at, char *bytes, size_t cap, size_t *len, struct err *err);
    void *ctx;
};

/* Which layout the header row announces. */
enum grades_csv_format {
    GRADES_CSV_PLAIN,  /* person, item, score, maximum: one result a row, in any column order */
    GRADES_CSV_CANVAS, /* Canvas's gradebook export: one person a row, one assignment a column */
    GRADES_CSV_MOODLE  /* Moodle's grade export as plain text: the same, with "(Real)" and so on */
};
/* "Canvas's gradebook export". */
const char *grades_csv_format_name(enum grades_csv_format format);

/* What a column is used for. */
enum grades_csv_use {
    GRADES_CSV_UNUSED,
    GRADES_CSV_NAME,     /* shown beside somebody who is not found; finds nobody */
    GRADES_CSV_SCHOOL,   /* the school's number (SIS id, ID number): finds the person, first */
    GRADES_CSV_PLATFORM, /* Canvas's own id: second */
    GRADES_CSV_LOGIN,    /* third */
    GRADES_CSV_EMAIL,    /* last, and only where somebody chose it */
    GRADES_CSV_PERSON,   /* the plain format's: whichever of these it is */
    GRADES_CSV_RESULT    /* of an item, or its maximum */
};

/* What somebody who saw the mapping wants otherwise. Only UNUSED (leave it out), SCHOOL, LOGIN and
 * EMAIL can be chosen; the plain format's columns stay as they are. */
struct grades_csv_choice {
    struct sv name; /* of the column; empty: by number */
    size_t column;  /* from 0 */
    bool has_use;
    enum grades_csv_use use;
    struct sv maximum; /* of a column without one: a number above zero; empty: none */
};
struct grades_csv_choices {
    const struct grades_csv_choice *list;
    size_t count;
};

/* What becomes of a column, to be shown before anything is stored. */
struct grades_csv_column {
    struct sv name; /* as the header row has it */
    enum grades_csv_use use;
    struct sv words;    /* "score of \"Quiz\", out of 10", "not used" */
    bool is_choosable;  /* may become what finds people */
    bool wants_maximum; /* points out of nobody knows what: a choice may say */
    bool is_left_out;   /* by choice: would be used */
    struct sv maximum;  /* by choice */
};

struct grades_csv_survey {
    enum grades_csv_format format;
    struct grades_csv_column *columns;
    size_t column_count;
    size_t test_rows;    /* of Canvas's test student: left out */
    size_t rows;         /* the header is one */
    size_t result_count; /* scores, letters and the like: not empty cells */
    /* Items and members, no facts. Members carry what the rows say of them: person_ref (plain: as
     * written; Canvas: the ID; Moodle: the first identity there is), name, sourcedid, login, email
     * (only where a column was chosen for it), and no sub: whoever calls finds the person.
     * read_at is left to whoever calls. */
    struct grades_reading reading;
    struct csv_memory *memory; /* the reader's own */
};

/* Read a file and check every cell of it: UTF-8 with or without BOM; comma, semicolon or tab, found
 * out from the header row or said by Excel's "sep=;"; quotes as RFC 4180; decimal point or comma
 * ("8,5"); what a spreadsheet puts in front of a text so that it is no formula ('=, ="...") is
 * taken off. Title and ref of an item of the plain format are its text; of the others, ref is the
 * assignment's number (Canvas) or the column's name (Moodle). *out lives in `a`.
 * Fails: ERR_INPUT with the row, or with the columns found and wanted; ERR_INPUT "choice". */
NODISCARD bool grades_csv_survey(const struct grades_csv_file *file,
                                 const struct grades_csv_choices *choices, struct arena *a,
                                 struct grades_csv_survey *out, struct err *err);

/* The results of the same file, after its survey: `take` gets them in parts, all of a person in one
 * of them, in the order of the members; they are gone when it returns. item_index counts into the
 * survey's items. `is_wanted` says by member whose results are wanted; NULL: everybody's. An empty
 * score of the plain format is no fact; of the others it is a fact without a score, so that a grade
 * that was taken back goes. Columns that Canvas marks "Manual Posting" are not posted: a file does
 * not say whether learners see them (attacks.md F15).
 * Fails: ERR_INPUT "repeated", when two rows of the plain format say the same thing; ERR_CONFLICT
 * when the file is another than it was; whatever `take` says. */
NODISCARD bool grades_csv_facts(const struct grades_csv_file *file,
                                const struct grades_csv_choices *choices,
                                const struct grades_csv_survey *survey, const bool *is_wanted,
                                bool (*take)(void *ctx, const struct model_fact *facts,
                                             size_t count, struct err *err),
                                void *ctx, struct err *err);
