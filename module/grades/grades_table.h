/* What CSV files have in common: their text and their separator. */
#pragma once
#include "base_str.h"

/* UTF-8 of at most `max_bytes`, not empty; a byte order mark is taken off. Fails: ERR_INPUT "size",
 * "utf8", "empty". */
NODISCARD bool grades_table_text(struct sv *file, size_t max_bytes, struct err *err);
/* The separator that the header row has most of, outside quotes: comma, semicolon or tab. */
char grades_table_separator(struct sv file);
