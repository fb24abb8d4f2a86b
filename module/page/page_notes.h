/* Launches that were refused for a reason an administrator can mend, noted on the registration for
 * the Connection page and `laurel doctor` (store_problem.h). */
#pragma once
#include "base_clock.h"
#include "base_str.h"

struct store;
struct page_notes;

/* The same reason of the same registration is written at most once in this time; those between are
 * counted and written with the next. */
#define PAGE_NOTE_PAUSE_S 10

struct page_notes *page_notes_create(void);
/* NULL is fine. */
void page_notes_destroy(struct page_notes *notes);

struct page_note {
    int64_t registration_id; /* 0: nothing is noted */
    const char *reason;
    struct sv text;
};
/* Thread-safe. Never fails a request: what cannot be written is logged. `now` is the caller's
 * clock. */
void page_notes_add(struct page_notes *notes, struct store *store, const struct page_note *note,
                    usec_t now);
