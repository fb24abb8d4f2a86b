#include "lti_keyset.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One registration's keys. */
struct entry {
    struct entry *next;
    int64_t registration_id;
    char *url;
    struct jose_keyset *set; /* NULL: none yet */
    usec_t fetched_at, fresh_until;
    bool is_tried;    /* tried_at counts */
    usec_t tried_at;  /* the last attempt, whatever came of it */
    bool is_missed;   /* missed_at counts */
    usec_t missed_at; /* the last fetch for a kid that a fresh set did not have */
    bool is_fetching;
    usec_t fetch_began;  /* clock_monotonic */
    unsigned generation; /* another URL or forgotten: a fetch under way is for nothing */
    char failure[200];   /* words of the last attempt; "" when it went well */
};

#define BUCKETS 1024

struct lti_keysets {
    struct lti_keysets_config config;
    pthread_mutex_t lock;
    pthread_cond_t fetched;
    int waiters;
    struct entry *buckets[BUCKETS];
};

static void unlock(pthread_mutex_t **m) { (void)pthread_mutex_unlock(*m); }
#define LOCKED(sets)                                                                               \
    CLEANUP(unlock) pthread_mutex_t *locked UNUSED = &(sets)->lock;                                \
    (void)pthread_mutex_lock(&(sets)->lock)

static void *must(void *p) {
    if (p == NULL) {
        abort();
    }
    return p;
}

struct lti_keysets *lti_keysets_create(const struct lti_keysets_config *config) {
    struct lti_keysets *sets = must(calloc(1, sizeof *sets));
    sets->config = *config;
    pthread_condattr_t monotonic;
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&sets->lock, NULL);
    (void)pthread_cond_init(&sets->fetched, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return sets;
}

void lti_keysets_destroy(struct lti_keysets *sets) {
    if (sets == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry *e = sets->buckets[i];
        while (e != NULL) {
            struct entry *next = e->next;
            jose_keyset_destroy(e->set);
            free(e->url);
            free(e);
            e = next;
        }
    }
    (void)pthread_cond_destroy(&sets->fetched);
    (void)pthread_mutex_destroy(&sets->lock);
    free(sets);
}

static struct entry **bucket_of(struct lti_keysets *sets, int64_t registration_id) {
    return &sets->buckets[(uint64_t)registration_id % BUCKETS];
}

static struct entry *entry_find(struct lti_keysets *sets, int64_t registration_id) {
    struct entry *e = *bucket_of(sets, registration_id);
    while (e != NULL && e->registration_id != registration_id) {
        e = e->next;
    }
    return e;
}

static void entry_empty(struct entry *e) {
    jose_keyset_destroy(e->set);
    e->set = NULL;
    e->is_tried = false;
    e->is_missed = false;
    e->generation++;
}

static struct entry *entry_for(struct lti_keysets *sets, int64_t registration_id, struct sv url) {
    struct entry *e = entry_find(sets, registration_id);
    if (e == NULL) {
        e = must(calloc(1, sizeof *e));
        e->registration_id = registration_id;
        e->next = *bucket_of(sets, registration_id);
        *bucket_of(sets, registration_id) = e;
    }
    if (e->url == NULL || !sv_eq(sv_from(e->url), url)) {
        free(e->url);
        e->url = must(strndup(url.ptr == NULL ? "" : url.ptr, url.len));
        entry_empty(e);
    }
    return e;
}

void lti_keysets_forget(struct lti_keysets *sets, int64_t registration_id) {
    LOCKED(sets);
    struct entry *e = entry_find(sets, registration_id);
    if (e != NULL) {
        entry_empty(e);
    }
}

/* Time between two readings of a clock that may be set back. */
static usec_t apart(usec_t a, usec_t b) { return a > b ? a - b : b - a; }

static bool is_fresh(const struct entry *e, usec_t now) {
    return now >= e->fetched_at - LTI_KEYSET_REFETCH_S * USEC_PER_S && now < e->fresh_until;
}

static bool is_usable(const struct entry *e, usec_t now) {
    return now < e->fresh_until + LTI_KEYSET_STALE_S * USEC_PER_S;
}

/* A kid that is not in a fresh set is worth a fetch of its own, once a minute. That the set itself
 * was just read does not count: a platform may rotate right after. */
static bool may_fetch(const struct entry *e, usec_t now) {
    if (e->set != NULL && is_fresh(e, now)) {
        return !e->is_missed || apart(now, e->missed_at) >= LTI_KEYSET_REFETCH_S * USEC_PER_S;
    }
    int64_t pause_s = e->set == NULL ? LTI_KEYSET_RETRY_S : LTI_KEYSET_REFETCH_S;
    return !e->is_tried || apart(now, e->tried_at) >= pause_s * USEC_PER_S;
}

static int64_t age_clamped(int64_t max_age_s) {
    if (max_age_s < 0) {
        return LTI_KEYSET_AGE_DEFAULT_S;
    }
    if (max_age_s < LTI_KEYSET_AGE_MIN_S) {
        return LTI_KEYSET_AGE_MIN_S;
    }
    return max_age_s > LTI_KEYSET_AGE_MAX_S ? LTI_KEYSET_AGE_MAX_S : max_age_s;
}

/* Called with the lock held, and without it while outside. */
static void entry_fetch(struct lti_keysets *sets, struct entry *e, usec_t now) {
    AUTO_ARENA a;
    arena_init(&a);
    struct sv url = sv_copy(&a, sv_from(e->url));
    unsigned generation = e->generation;
    e->is_fetching = true;
    e->fetch_began = clock_monotonic();
    e->is_tried = true;
    e->tried_at = now;
    (void)pthread_mutex_unlock(&sets->lock);

    struct sv body = {0};
    int64_t max_age_s = -1;
    struct jose_keyset *set = NULL;
    struct err why = {0};
    bool is_read = sets->config.fetch(sets->config.ctx, url, &a, &body, &max_age_s, &why) &&
                   jose_keyset_parse(body, &set, &why);
    if (is_read && sets->config.on_read != NULL) {
        sets->config.on_read(sets->config.ctx, e->registration_id, set);
    }

    (void)pthread_mutex_lock(&sets->lock);
    e->is_fetching = false;
    struct sv words = sv_clip_utf8(sv_from(why.text), sizeof e->failure - 1);
    memcpy(e->failure, words.ptr, words.len);
    e->failure[words.len] = '\0';
    if (is_read && generation == e->generation) {
        jose_keyset_destroy(e->set);
        e->set = set;
        e->fetched_at = now;
        e->fresh_until = now + age_clamped(max_age_s) * USEC_PER_S;
    } else {
        jose_keyset_destroy(set);
    }
    (void)pthread_cond_broadcast(&sets->fetched);
}

static bool busy(struct err *err) {
    (void)err_because(err, ERR_UPSTREAM, "busy",
                      "too many launches wait for the platform's keys; try again in a moment");
    return err_retry_as(err, ERR_RETRY_LATER);
}

/* A platform that rotated its key a moment ago answers soon: over the limit one waits for that, but
 * not for one that hangs. */
static bool entry_wait(struct lti_keysets *sets, struct entry *e, struct err *err) {
    int most = sets->config.waiters_max;
    bool is_over = most > 0 && sets->waiters >= most;
    usec_t until = e->fetch_began + (usec_t)LTI_KEYSET_PATIENCE_MS * 1000;
    const struct timespec deadline = {.tv_sec = (time_t)(until / USEC_PER_S),
                                      .tv_nsec = (long)(until % USEC_PER_S) * 1000};
    bool is_in_time = !is_over || clock_monotonic() < until;
    if (!is_in_time || (is_over && sets->waiters >= LTI_KEYSET_PATIENT * most)) {
        return busy(err);
    }
    sets->waiters++;
    while (e->is_fetching && is_in_time) {
        if (is_over) {
            is_in_time = pthread_cond_timedwait(&sets->fetched, &sets->lock, &deadline) == 0;
        } else {
            (void)pthread_cond_wait(&sets->fetched, &sets->lock);
        }
    }
    sets->waiters--;
    return !e->is_fetching || busy(err);
}

static struct jose_key *entry_key(const struct entry *e, struct sv kid, usec_t now) {
    return e->set != NULL && is_usable(e, now) ? jose_keyset_find(e->set, kid) : NULL;
}

static bool no_key(const struct entry *e, usec_t now, struct err *err) {
    if (e->set != NULL && is_usable(e, now)) {
        return err_because(err, ERR_DENIED, "kid",
                           "the platform has no key by the name the token gives");
    }
    (void)err_because(
        err, ERR_UPSTREAM, "keyset",
        "the platform's keys cannot be read now from %.200s (%s); check its key set URL", e->url,
        e->failure[0] == '\0' ? "no reason is known" : e->failure);
    return err_retry_as(err, ERR_RETRY_LATER);
}

bool lti_keysets_find(struct lti_keysets *sets, int64_t registration_id, struct sv jwks_url,
                      struct sv kid, usec_t now, struct jose_key **out, struct err *err) {
    LOCKED(sets);
    struct entry *e = entry_for(sets, registration_id, jwks_url);
    struct jose_key *key = entry_key(e, kid, now);
    bool is_wanting = key == NULL || !is_fresh(e, now);
    if (key == NULL && e->is_fetching) {
        if (!entry_wait(sets, e, err)) {
            return false;
        }
        key = entry_key(e, kid, now);
        is_wanting = key == NULL;
    }
    if (is_wanting && !e->is_fetching && may_fetch(e, now)) {
        bool was_missing = e->set != NULL && is_fresh(e, now);
        if (was_missing) {
            e->is_missed = true; /* before the lock is let go: one fetch, whoever asks */
            e->missed_at = now;
        }
        entry_fetch(sets, e, now);
        key = entry_key(e, kid, now);
        if (key == NULL && !was_missing) {
            e->is_missed = true; /* the set was read for this kid, and has it not */
            e->missed_at = now;
        }
    }
    if (key == NULL) {
        return no_key(e, now, err);
    }
    *out = jose_key_ref(key);
    return true;
}
