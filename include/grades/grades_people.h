/* A file of people who are known from before, with the badges they hold: what comes along from an
 * older system (`laurel platform legacy import`). */
#pragma once
#include "base_clock.h"

#define GRADES_PEOPLE_BYTES_MAX ((size_t)16 << 20)
#define GRADES_PEOPLE_ROWS_MAX 200000

/* One row. Texts are trimmed; all but user_id may be empty. */
struct grades_person {
    struct sv user_id; /* of the older system, 1..200 bytes of printable ASCII */
    struct sv name, email;
    struct sv badge;  /* its key here */
    usec_t issued_at; /* 0: not said, and only then when there is no badge */
    size_t row;       /* 1 is the header */
};

/* Columns in any order: user_id, name, email, badge, issued_at; the last four may be left out,
 * others are ignored. Several rows may be about one person. issued_at is RFC 3339, or a date, which
 * counts from noon UTC: that is the same day nearly everywhere. `now` bounds it. UTF-8, separators
 * and quotes as in grades_csv.h. All or nothing. Fails: ERR_INPUT naming the row. */
NODISCARD bool grades_people_parse(struct sv file, usec_t now, struct arena *a,
                                   struct grades_person **out, size_t *count, struct err *err);
