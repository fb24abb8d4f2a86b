/* A region of memory freed all at once: one per request, job or command.
 *
 * Invariants: memory is zeroed and aligned for any type; nothing is freed singly; an arena is used
 * by one thread at a time. Out of memory logs one line and aborts (input is capped before it is
 * stored). */
#pragma once
#include "base_macro.h"
#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used_bytes; /* handed out since the last reset */
};

void arena_init(struct arena *a);
/* Free all but one block, for the next request. */
void arena_reset(struct arena *a);
void arena_release(struct arena *a);
#define AUTO_ARENA CLEANUP(arena_release) struct arena

void *arena_alloc(struct arena *a, size_t bytes) __attribute__((malloc, returns_nonnull));
/* count * size, checked for overflow. */
void *arena_array(struct arena *a, size_t count, size_t size)
    __attribute__((malloc, returns_nonnull));
/* A longer array in place of one of the same arena (NULL when old_bytes is 0); what is new is zero.
 * A large one is lengthened where it is or moved, and leaves no copy behind. */
void *arena_grow(struct arena *a, void *old, size_t old_bytes, size_t new_bytes)
    __attribute__((returns_nonnull));
/* Copy `len` bytes and add a NUL. */
char *arena_copy(struct arena *a, const char *bytes, size_t len) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((returns_nonnull))
PRINTF_LIKE(2, 3);
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))
