/* When grades were read, in words: the bar of every page that shows any, and the list of courses.
 */
#pragma once
#include "page_internal.h"
#include "store_fresh.h"

enum page_fresh {
    PAGE_FRESH_GOOD,
    PAGE_FRESH_OLD,     /* a reading is overdue, or the last one is long ago */
    PAGE_FRESH_FAILED,  /* a reading broke off since the last good one */
    PAGE_FRESH_UNREAD,  /* never read */
    PAGE_FRESH_QUEUED,  /* asked for; it begins when its turn comes */
    PAGE_FRESH_READING, /* at this moment */
};
/* Pure. */
enum page_fresh page_fresh_of(const struct store_fresh *f, usec_t now);
/* A page that shows it asks again by itself until it is over. */
static inline bool page_fresh_is_busy(enum page_fresh state) {
    return state == PAGE_FRESH_QUEUED || state == PAGE_FRESH_READING;
}
/* Can its grades be read when somebody asks? Fails: ERR_CONFLICT "source" in words. */
NODISCARD bool page_fresh_may_ask(const struct store_fresh *f, struct err *err);
/* The object {at, ago, full} of a time. New reference; null when t is 0. */
json_t *page_fresh_time(const struct page *p, usec_t t);
/* What broke off, when, and when Laurel tries again, for staff. Empty: nothing did. */
struct sv page_fresh_problem(const struct page *p, const struct store_fresh *f);

/* Adds `fresh` and `problem` to the header's object, for the session's course. */
void page_add_fresh(const struct page *p, json_t *header);
