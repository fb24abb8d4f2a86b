/* A gradebook that a teacher uploads (DESIGN 2, `csv`). */
#pragma once
#include "grades_source.h"

#define GRADES_CSV_BYTES_MAX ((size_t)16 << 20)
#define GRADES_CSV_ROWS_MAX 500000
#define GRADES_CSV_CELL_MAX 4096

/* Which layout the header row announces. */
enum grades_csv_format {
    GRADES_CSV_PLAIN /* person, item, score, maximum: one result a row, in any column order */
};

/* Read a file: UTF-8 with or without BOM; comma, semicolon or tab, found out from the header row;
 * quotes as RFC 4180; decimal point or comma ("8,5"). Columns of the plain format: person, item,
 * score, maximum; others are ignored. An empty score is "not graded". Title and ref of an item are
 * its text. Facts carry person_ref as written (e-mail, id or name): whoever calls finds the person.
 * All or nothing; read_at is left to whoever calls. Fails: ERR_INPUT with the row, or with the
 * columns found and wanted. */
NODISCARD bool grades_csv_parse(struct sv file, struct arena *a, struct grades_reading *out,
                                struct err *err);
