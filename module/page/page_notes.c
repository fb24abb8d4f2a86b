#include "page_notes.h"
#include "base_log.h"
#include "store_problem.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* More than this many kinds of refusal at once: the longest written gives way, and what it had
 * counted since is lost. */
#define SLOTS 256

struct slot {
    int64_t registration_id, count; /* registration_id 0: free */
    char reason[32];
    usec_t written_at;
};

struct page_notes {
    pthread_mutex_t lock;
    struct slot slots[SLOTS];
};

struct page_notes *page_notes_create(void) {
    struct page_notes *notes = calloc(1, sizeof *notes);
    if (notes == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&notes->lock, NULL);
    return notes;
}

void page_notes_destroy(struct page_notes *notes) {
    if (notes != NULL) {
        (void)pthread_mutex_destroy(&notes->lock);
        free(notes);
    }
}

static struct slot *slot_of(struct page_notes *notes, const struct page_note *note) {
    struct slot *oldest = &notes->slots[0];
    for (size_t i = 0; i < SLOTS; i++) {
        struct slot *s = &notes->slots[i];
        if (s->registration_id == note->registration_id && strcmp(s->reason, note->reason) == 0) {
            return s;
        }
        oldest = s->written_at < oldest->written_at ? s : oldest;
    }
    *oldest = (struct slot){.registration_id = note->registration_id};
    (void)snprintf(oldest->reason, sizeof oldest->reason, "%s", note->reason);
    return oldest;
}

/* How many are to be written now; 0: the pause is not over. */
static int64_t take(struct page_notes *notes, const struct page_note *note, usec_t now) {
    (void)pthread_mutex_lock(&notes->lock);
    struct slot *s = slot_of(notes, note);
    int64_t count = ++s->count;
    /* A clock that was set back must not silence a reason for long. */
    usec_t since = now > s->written_at ? now - s->written_at : s->written_at - now;
    if (since < PAGE_NOTE_PAUSE_S * USEC_PER_S) {
        count = 0;
    } else {
        s->count = 0;
        s->written_at = now;
    }
    (void)pthread_mutex_unlock(&notes->lock);
    return count;
}

void page_notes_add(struct page_notes *notes, struct store *store, const struct page_note *note,
                    usec_t now) {
    int64_t count = note->registration_id == 0 ? 0 : take(notes, note, now);
    const struct store_problem_note row = {.registration_id = note->registration_id,
                                           .reason = sv_from(note->reason),
                                           .text = note->text,
                                           .count = count};
    struct err err = {0};
    if (count > 0 && !store_problem_note(store, &row, &err)) {
        log_err(LOG_LEVEL_WARN, "problem_note", &err);
    }
}
