/* Dates and numbers of things in words. Each writes into `out` and returns it. */
#pragma once
#include "text_zone.h"

#define TEXT_TIME_MAX 64

/* "3 May 2027" */
const char *text_date(const struct text_zone *z, usec_t t, char out[TEXT_TIME_MAX]);
/* "3 May 2027, 14:05" */
const char *text_date_time(const struct text_zone *z, usec_t t, char out[TEXT_TIME_MAX]);
/* "2027-05-03", for <input type="date"> and <time datetime>. */
const char *text_date_iso(const struct text_zone *z, usec_t t, char out[TEXT_TIME_MAX]);
/* "just now" (under a minute, or ahead of the clock), "1 minute ago", "5 hours ago", "3 days ago";
 * from 30 days on the date. */
const char *text_ago(const struct text_zone *z, usec_t t, usec_t now, char out[TEXT_TIME_MAX]);
/* "now" (come already), "in a minute" (a minute at most), "in 12 minutes", "in 5 hours", "in 3
 * days", each rounded up; from 30 days on "on 3 May 2027". */
const char *text_until(const struct text_zone *z, usec_t t, usec_t now, char out[TEXT_TIME_MAX]);
/* "1 badge", "0 badges", "1,204 badges". Nouns of at most 20 bytes. */
const char *text_count(int64_t n, const char *one, const char *many, char out[TEXT_TIME_MAX]);
