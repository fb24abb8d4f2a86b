#include "base_arena.h"
#include <malloc.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One block holds all that most requests need, and is kept for the next. */
#define BLOCK_BYTES ((size_t)64 * 1024)

/* What so much was made of is given back to the system at once: the next large one may be another
 * thread's, which would not find it. */
#define TRIM_BYTES ((size_t)4 * 1024 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t cap, used;
    alignas(max_align_t) unsigned char bytes[];
};

static _Noreturn void out_of_memory(void) {
    static const char line[] = "{\"level\":\"error\",\"event\":\"out_of_memory\"}\n";
    (void)fwrite(line, 1, sizeof line - 1, stderr);
    abort();
}

static struct arena_block *block_create(size_t cap, struct arena_block *next) {
    struct arena_block *b = malloc(sizeof *b + cap);
    if (b == NULL) {
        out_of_memory();
    }
    b->next = next;
    b->cap = cap;
    b->used = 0;
    return b;
}

void arena_init(struct arena *a) { *a = (struct arena){0}; }

static void give_back(const struct arena *a) {
    if (a->used_bytes >= TRIM_BYTES) {
        (void)malloc_trim(0);
    }
}

void arena_release(struct arena *a) {
    struct arena_block *b = a->head;
    while (b != NULL) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    give_back(a);
    *a = (struct arena){0};
}

void arena_reset(struct arena *a) {
    struct arena_block *keep = NULL;
    struct arena_block *b = a->head;
    while (b != NULL) {
        struct arena_block *next = b->next;
        if (keep == NULL && b->cap == BLOCK_BYTES) {
            keep = b;
        } else {
            free(b);
        }
        b = next;
    }
    if (keep != NULL) {
        keep->next = NULL;
        keep->used = 0;
    }
    a->head = keep;
    give_back(a);
    a->used_bytes = 0;
}

void *arena_alloc(struct arena *a, size_t bytes) {
    const size_t align = alignof(max_align_t);
    if (bytes > SIZE_MAX / 2) {
        out_of_memory();
    }
    size_t need = (bytes + align - 1) / align * align;
    if (need == 0) {
        need = align;
    }
    if (a->head == NULL || a->head->cap - a->head->used < need) {
        a->head = block_create(need > BLOCK_BYTES ? need : BLOCK_BYTES, a->head);
    }
    void *p = a->head->bytes + a->head->used;
    a->head->used += need;
    a->used_bytes += need;
    memset(p, 0, need);
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size) {
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        out_of_memory();
    }
    return arena_alloc(a, bytes);
}

/* The link to the block that holds this allocation and nothing else, or NULL. */
static struct arena_block **own_block(struct arena *a, const void *bytes, size_t count) {
    if (count <= BLOCK_BYTES) {
        return NULL;
    }
    for (struct arena_block **link = &a->head; *link != NULL; link = &(*link)->next) {
        if ((*link)->bytes == bytes) {
            return link; /* larger than a block that is shared */
        }
    }
    return NULL;
}

void *arena_grow(struct arena *a, void *old, size_t old_bytes, size_t new_bytes) {
    struct arena_block **link = own_block(a, old, old_bytes);
    if (link == NULL || new_bytes < old_bytes || new_bytes > SIZE_MAX / 2) {
        void *p = arena_alloc(a, new_bytes);
        if (old_bytes > 0) {
            memcpy(p, old, old_bytes < new_bytes ? old_bytes : new_bytes);
        }
        return p;
    }
    struct arena_block *b = realloc(*link, sizeof *b + new_bytes);
    if (b == NULL) {
        out_of_memory();
    }
    memset(b->bytes + old_bytes, 0, new_bytes - old_bytes);
    b->cap = b->used = new_bytes;
    a->used_bytes += new_bytes - old_bytes;
    *link = b;
    return b->bytes;
}

char *arena_copy(struct arena *a, const char *bytes, size_t len) {
    char *p = arena_array(a, len + 1, 1);
    if (len > 0) {
        memcpy(p, bytes, len);
    }
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...) {
    va_list ap;
    va_list again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n;
    char *p = arena_array(a, len + 1, 1);
    (void)vsnprintf(p, len + 1, fmt, again);
    va_end(again);
    return p;
}
