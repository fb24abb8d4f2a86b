/* A gradebook that a teacher uploads (DESIGN 2, `csv`). */
#pragma once
#include "grades_source.h"

#define GRADES_CSV_BYTES_MAX ((size_t)16 << 20)
#define GRADES_CSV_ROWS_MAX 500000
#define GRADES_CSV_COLUMNS_MAX 2000
#define GRADES_CSV_CELL_MAX 4096

/* Which layout the header row announces. */
enum grades_csv_format {
    GRADES_CSV_PLAIN,  /* person, item, score, maximum: one result a row, in any column order */
    GRADES_CSV_CANVAS, /* Canvas's gradebook export: one person a row, one assignment a column */
    GRADES_CSV_MOODLE  /* Moodle's grade export as plain text: the same, with "(Real)" and so on */
};

/* What becomes of the columns, to be shown before anything is stored. */
struct grades_csv_column {
    struct sv name; /* as the header row has it */
    struct sv use;  /* "score of \"Quiz\", out of 10", "not used" */
};
struct grades_csv_map {
    enum grades_csv_format format;
    struct grades_csv_column *columns;
    size_t column_count;
    size_t test_rows; /* of Canvas's test student: left out */
};
/* "Canvas's gradebook export". */
const char *grades_csv_format_name(enum grades_csv_format format);

/* Read a file: UTF-8 with or without BOM; comma, semicolon or tab, found out from the header row;
 * quotes as RFC 4180; decimal point or comma ("8,5"); what a spreadsheet puts in front of a text so
 * that it is no formula ('=, ="...") is taken off. Title and ref of an item of the plain format are
 * its text; of the others, ref is the assignment's number (Canvas) or the column's name (Moodle).
 * Members carry what the row says of a person: person_ref (plain: as written; Canvas: the ID;
 * Moodle: the first identity there is), name, sourcedid, login, email, and no sub: whoever calls
 * finds the person. An empty score of the plain format is no fact; of the others it is a fact
 * without a score, so that a grade that was taken back goes. Columns that Canvas marks "Manual
 * Posting" are not posted: a file does not say whether learners see them (attacks.md F15).
 * All or nothing; read_at is left to whoever calls. `map` may be NULL. Fails: ERR_INPUT with the
 * row, or with the columns found and wanted. */
NODISCARD bool grades_csv_parse(struct sv file, struct arena *a, struct grades_reading *out,
                                struct grades_csv_map *map, struct err *err);
