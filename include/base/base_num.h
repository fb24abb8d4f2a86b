/* Strict numbers: the whole text or nothing, range checked, no locale. */
#pragma once
#include "base_str.h"

NODISCARD bool num_parse_i64(struct sv text, int64_t min, int64_t max, int64_t *out);

/* A decimal: mantissa * 10^-scale, at most 18 digits, scale 0..18. Grades are compared as these. */
struct dec {
    int64_t mantissa;
    int scale;
};

#define DEC_TEXT_MAX 40

/* "-12.50", "8e1" (JSON number grammar, RFC 8259 6, leading zeros allowed). Fraction digits past
 * the 18th significant one are cut toward zero, so that 79.9999... never becomes 80. False when it
 * is no number or its integer part needs more than 18 digits. The result is normalised: no trailing
 * zeros. */
NODISCARD bool dec_parse(struct sv text, struct dec *out);
struct dec dec_from_i64(int64_t n);
/* The decimal with at most 15 significant digits that a JSON reader's double came from. False for
 * NaN, infinities and what dec_parse refuses. */
NODISCARD bool dec_from_double(double d, struct dec *out);
double dec_to_double(struct dec d); /* for JSON output only */
/* <0, 0, >0. Exact. */
int dec_cmp(struct dec a, struct dec b);
/* Compares part/whole with percent/100, exactly: part*100 against percent*whole. whole > 0. */
int dec_cmp_percent(struct dec part, struct dec whole, struct dec percent);
/* a - b; saturates the scale at what fits 18 digits (cuts toward zero). For display. */
struct dec dec_sub(struct dec a, struct dec b);
/* 100 * part / whole, rounded down to one decimal (a 79.96 % shows as 79.9). whole > 0. For
 * display. */
struct dec dec_percent(struct dec part, struct dec whole);
/* Plain notation, trailing zeros dropped: "92", "8.5". Writes at most DEC_TEXT_MAX bytes with NUL.
 */
const char *dec_format(struct dec d, char out[DEC_TEXT_MAX]);
bool dec_is_zero(struct dec d);
bool dec_is_negative(struct dec d);
