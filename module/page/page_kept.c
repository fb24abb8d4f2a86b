#include "page_kept.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WAYS 4
#define KEY_BYTES_MAX 320 /* id and mark */

struct slot {
    char key[KEY_BYTES_MAX];
    size_t key_len; /* 0: empty */
    usec_t until;
    char *html;
    size_t html_len;
};
struct page_kept {
    pthread_mutex_t lock;
    struct slot slots[PAGE_KEPT_COUNT];
};

struct page_kept *page_kept_create(void) {
    struct page_kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL || pthread_mutex_init(&kept->lock, NULL) != 0) {
        abort();
    }
    return kept;
}

void page_kept_destroy(struct page_kept *kept) {
    if (kept != NULL) {
        for (size_t i = 0; i < PAGE_KEPT_COUNT; i++) {
            free(kept->slots[i].html);
        }
        (void)pthread_mutex_destroy(&kept->lock);
        free(kept);
    }
}

/* The places where a page may be; FNV-1a spreads the ids. */
static struct slot *set_of(struct page_kept *kept, struct sv id) {
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < id.len; i++) {
        hash = (hash ^ (unsigned char)id.ptr[i]) * 16777619U;
    }
    return &kept->slots[(size_t)(hash % (PAGE_KEPT_COUNT / WAYS)) * WAYS];
}

static bool is_key(const struct slot *s, struct sv id, struct sv mark) {
    return s->key_len == id.len + mark.len && sv_eq(sv_of(s->key, id.len), id) &&
           sv_eq(sv_of(s->key + id.len, mark.len), mark);
}

bool page_kept_find(struct page_kept *kept, struct sv id, struct sv mark, usec_t now,
                    struct arena *a, struct sv *html) {
    (void)pthread_mutex_lock(&kept->lock);
    const struct slot *set = set_of(kept, id);
    bool is_there = false;
    for (size_t i = 0; i < WAYS && !is_there; i++) {
        is_there = set[i].key_len > 0 && now < set[i].until && is_key(&set[i], id, mark);
        *html = is_there ? sv_copy(a, sv_of(set[i].html, set[i].html_len)) : *html;
    }
    (void)pthread_mutex_unlock(&kept->lock);
    return is_there;
}

void page_kept_put(struct page_kept *kept, struct sv id, struct sv mark, usec_t now,
                   struct sv html) {
    if (html.len == 0 || html.len > PAGE_KEPT_BYTES_MAX || id.len + mark.len > KEY_BYTES_MAX) {
        return;
    }
    char *copy = malloc(html.len);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, html.ptr, html.len);
    (void)pthread_mutex_lock(&kept->lock);
    struct slot *s = set_of(kept, id);
    for (size_t i = 0; i < WAYS; i++) { /* the award's older page, else the oldest */
        struct slot *other = set_of(kept, id) + i;
        bool is_own = other->key_len >= id.len && sv_eq(sv_of(other->key, id.len), id);
        if (is_own || other->until < s->until) {
            s = other;
        }
        if (is_own) {
            break;
        }
    }
    char *old = s->html;
    memcpy(s->key, id.ptr, id.len);
    memcpy(s->key + id.len, mark.ptr, mark.len);
    s->key_len = id.len + mark.len;
    s->until = now + PAGE_KEPT_S * USEC_PER_S;
    s->html = copy;
    s->html_len = html.len;
    (void)pthread_mutex_unlock(&kept->lock);
    free(old);
}
