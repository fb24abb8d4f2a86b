/* A window over the members: the results of those in it are collected, sorted and handed on, then
 * it moves. A file that lists people one after the other is read once; one in another order is read
 * again for the people that were passed over. */
#include "grades_csv_layout.h"
#include <stdlib.h>

#define KEPT_MAX 131072 /* of a window, unless one person has more */
#define PART_MAX 8192   /* handed on at once, unless one person has more */

struct key {
    uint32_t member, item, row, at;
};

struct csv_keep {
    const struct csv_memory *memory;
    const bool *is_wanted;
    bool (*take)(void *ctx, const struct model_fact *facts, size_t count, struct err *err);
    void *ctx;
    struct model_fact *facts;
    struct key *keys;
    size_t count, cap;
    struct model_fact *part;
    size_t first, end, expected; /* the window, and how many facts it has */
    size_t passed;               /* the first member after the window that was passed over */
    struct arena texts;          /* of the facts */
};

static size_t count_of(const struct csv_keep *k, size_t member) {
    return k->is_wanted == NULL || k->is_wanted[member] ? k->memory->counts[member] : 0;
}

static void window_next(struct csv_keep *k) {
    size_t members = k->memory->build.out->member_count;
    k->first = k->end;
    k->expected = 0;
    k->count = 0;
    arena_reset(&k->texts);
    while (k->end < members &&
           (k->expected == 0 || k->expected + count_of(k, k->end) <= KEPT_MAX)) {
        k->expected += count_of(k, k->end++);
    }
    k->first = k->expected == 0 ? k->end : k->first;
}

struct csv_keep *csv_keep_create(struct arena *a, const struct csv_memory *memory,
                                 const bool *is_wanted,
                                 bool (*take)(void *ctx, const struct model_fact *facts,
                                              size_t count, struct err *err),
                                 void *ctx) {
    struct csv_keep *k = ARENA_NEW(a, struct csv_keep);
    *k = (struct csv_keep){.memory = memory, .is_wanted = is_wanted, .take = take, .ctx = ctx};
    size_t total = 0;
    size_t most = 0;
    for (size_t i = 0; i < memory->build.out->member_count; i++) {
        total += count_of(k, i);
        most = count_of(k, i) > most ? count_of(k, i) : most;
    }
    k->cap = total < KEPT_MAX ? total : most > KEPT_MAX ? most : KEPT_MAX;
    k->facts = ARENA_ARRAY(a, struct model_fact, k->cap);
    k->keys = ARENA_ARRAY(a, struct key, k->cap);
    k->part = ARENA_ARRAY(a, struct model_fact, most > PART_MAX ? most : PART_MAX);
    window_next(k);
    return k;
}

void csv_keep_release(struct csv_keep *k) { arena_release(&k->texts); }

bool csv_keep_is_done(const struct csv_keep *k) {
    return k->first == k->memory->build.out->member_count;
}

void csv_keep_rewind(struct csv_keep *k) {
    k->passed = SIZE_MAX;
    k->count = 0;
    arena_reset(&k->texts);
}

struct model_fact *csv_keep_fact(struct csv_keep *k, size_t member, size_t row, bool *is_full) {
    *is_full = false;
    if (member < k->first || count_of(k, member) == 0) {
        return NULL;
    }
    if (member >= k->end) {
        k->passed = member < k->passed ? member : k->passed;
        return NULL;
    }
    if (k->count == k->expected) {
        *is_full = true;
        return NULL;
    }
    k->keys[k->count] =
        (struct key){.member = (uint32_t)member, .row = (uint32_t)row, .at = (uint32_t)k->count};
    return &k->facts[k->count++];
}

struct sv csv_keep_text(struct csv_keep *k, struct sv text) {
    return sv_copy(&k->texts, text);
}

static int by_person_item_row(const void *left, const void *right) {
    const struct key *a = left;
    const struct key *b = right;
    if (a->member != b->member) {
        return a->member < b->member ? -1 : 1;
    }
    if (a->item != b->item) {
        return a->item < b->item ? -1 : 1;
    }
    return (a->row > b->row) - (a->row < b->row);
}

static bool hand_on(struct csv_keep *k, struct err *err) {
    size_t n = 0;
    for (size_t i = 0; i < k->count;) {
        size_t end = i;
        while (end < k->count && k->keys[end].member == k->keys[i].member) {
            end++;
        }
        if (n > 0 && n + (end - i) > PART_MAX) {
            if (!k->take(k->ctx, k->part, n, err)) {
                return false;
            }
            n = 0;
        }
        for (; i < end; i++) {
            const struct model_fact *fact = &k->facts[k->keys[i].at];
            if (!fact->is_kept) {
                k->part[n++] = *fact;
            }
        }
    }
    return n == 0 || k->take(k->ctx, k->part, n, err);
}

static bool window_hand_on(struct csv_keep *k, struct err *err) {
    for (size_t i = 0; i < k->count; i++) {
        k->keys[i].item = (uint32_t)k->facts[k->keys[i].at].item_index;
    }
    qsort(k->keys, k->count, sizeof *k->keys, by_person_item_row);
    for (size_t i = 1; i < k->count; i++) {
        const struct key *a = &k->keys[i - 1];
        const struct key *b = &k->keys[i];
        if (a->member == b->member && a->item == b->item) {
            return err_because(err, ERR_INPUT, "repeated",
                               "row %u repeats the person and item of row %u", b->row, a->row);
        }
    }
    return hand_on(k, err);
}

bool csv_keep_row(struct csv_keep *k, bool *is_over, struct err *err) {
    if (k->count < k->expected) {
        return true;
    }
    if (k->expected > 0 && !window_hand_on(k, err)) {
        return false;
    }
    window_next(k);
    *is_over = csv_keep_is_done(k) || k->passed < k->end;
    return true;
}
