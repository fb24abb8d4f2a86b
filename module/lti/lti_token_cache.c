#include "lti_token.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 256
#define ENTRIES_MAX 20000

struct entry {
    struct entry *next;
    char *key, *token;
    usec_t expires_at;
    bool is_fetching;
    int waiting;
    uint64_t round;  /* counts fetches, so that who waited knows which one ended */
    struct err fail; /* of the last fetch */
};

struct lti_tokens {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct entry *buckets[BUCKETS];
    size_t count;
};

static void token_free(char *token) {
    if (token != NULL) {
        explicit_bzero(token, strlen(token));
        free(token);
    }
}

static void entry_free(struct entry *e) {
    token_free(e->token);
    free(e->key);
    free(e);
}

struct lti_tokens *lti_tokens_create(void) {
    struct lti_tokens *t = calloc(1, sizeof *t);
    if (t == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_cond_init(&t->changed, NULL);
    return t;
}

void lti_tokens_destroy(struct lti_tokens *t) {
    if (t == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (t->buckets[i] != NULL) {
            struct entry *e = t->buckets[i];
            t->buckets[i] = e->next;
            entry_free(e);
        }
    }
    (void)pthread_cond_destroy(&t->changed);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

static int by_text(const void *left, const void *right) {
    return sv_cmp(*(const struct sv *)left, *(const struct sv *)right);
}

/* Registration, client, deployment and the scopes in order; a length in front keeps parts apart. */
static const char *key_of(const struct lti_token_ask *ask, struct arena *a) {
    struct sv scopes[LTI_SCOPES_MAX];
    size_t n = ask->scope_count < LTI_SCOPES_MAX ? ask->scope_count : LTI_SCOPES_MAX;
    memcpy(scopes, ask->scopes, n * sizeof *scopes);
    qsort(scopes, n, sizeof *scopes, by_text);
    struct str s;
    str_init(&s, a, (size_t)64 << 10);
    str_addf(&s, "%lld %zu:%.*s %zu:%.*s", (long long)ask->registration->id,
             ask->registration->token_url.len, SV_ARG(ask->registration->token_url),
             ask->deployment_id.len, SV_ARG(ask->deployment_id));
    for (size_t i = 0; i < n; i++) {
        str_add_char(&s, ' ');
        str_add(&s, scopes[i]);
    }
    return s.ptr;
}

static size_t bucket_of(const char *key) {
    uint32_t h = UINT32_C(2166136261); /* FNV-1a */
    for (; *key != '\0'; key++) {
        h = (h ^ (unsigned char)*key) * UINT32_C(16777619);
    }
    return h % BUCKETS;
}

static struct entry *entry_find(struct lti_tokens *t, const char *key) {
    struct entry *e = t->buckets[bucket_of(key)];
    while (e != NULL && strcmp(e->key, key) != 0) {
        e = e->next;
    }
    return e;
}

static void evict_idle(struct lti_tokens *t, usec_t now) {
    for (size_t i = 0; i < BUCKETS; i++) {
        struct entry **at = &t->buckets[i];
        while (*at != NULL) {
            struct entry *e = *at;
            if (e->is_fetching || e->waiting > 0 || (e->token != NULL && e->expires_at > now)) {
                at = &e->next;
                continue;
            }
            *at = e->next;
            t->count--;
            entry_free(e);
        }
    }
}

/* NULL when the cache is full of live tokens. */
static struct entry *entry_make(struct lti_tokens *t, const char *key, usec_t now) {
    if (t->count >= ENTRIES_MAX) {
        evict_idle(t, now);
        if (t->count >= ENTRIES_MAX) {
            return NULL;
        }
    }
    struct entry *e = calloc(1, sizeof *e);
    char *copy = strdup(key);
    if (e == NULL || copy == NULL) {
        abort();
    }
    size_t b = bucket_of(key);
    *e = (struct entry){.next = t->buckets[b], .key = copy};
    t->buckets[b] = e;
    t->count++;
    return e;
}

enum verdict { VERDICT_HAVE, VERDICT_FETCH, VERDICT_FAILED };

/* With the lock held: the token, or the task of fetching it, or how the fetch that was waited for
 * failed. */
static enum verdict wait_for(struct lti_tokens *t, struct entry *e, const struct clock *clock,
                             struct arena *a, struct sv *token, struct err *err) {
    for (;;) {
        if (e->token != NULL && clock_now(clock) < e->expires_at) {
            *token = sv_copy(a, sv_from(e->token));
            return VERDICT_HAVE;
        }
        if (!e->is_fetching) {
            e->is_fetching = true;
            return VERDICT_FETCH;
        }
        uint64_t round = e->round;
        e->waiting++;
        while (e->round == round) {
            (void)pthread_cond_wait(&t->changed, &t->lock);
        }
        e->waiting--;
        if (e->fail.code != ERR_NONE) {
            *err = err->code == ERR_NONE ? e->fail : *err;
            return VERDICT_FAILED;
        }
    }
}

static void finish(struct lti_tokens *t, struct entry *e, const struct lti_token_grant *grant,
                   const struct err *fail, usec_t now) {
    (void)pthread_mutex_lock(&t->lock);
    token_free(e->token);
    e->token = NULL;
    if (fail->code == ERR_NONE && grant->lasts_s > 0) {
        e->token = strndup(grant->token.ptr, grant->token.len);
        e->expires_at = now + grant->lasts_s * USEC_PER_S;
    }
    e->fail = *fail;
    e->is_fetching = false;
    e->round++;
    (void)pthread_cond_broadcast(&t->changed);
    (void)pthread_mutex_unlock(&t->lock);
}

bool lti_tokens_get(struct lti_tokens *t, const struct lti_token_ask *ask, struct arena *a,
                    struct sv *token, struct err *err) {
    if (ask->scope_count == 0 || ask->scope_count > LTI_SCOPES_MAX) {
        return err_set(err, ERR_BUG, "a token needs 1 to %d scopes", LTI_SCOPES_MAX);
    }
    const char *key = key_of(ask, a);
    usec_t asked_at = clock_now(ask->clock);
    (void)pthread_mutex_lock(&t->lock);
    struct entry *e = entry_find(t, key);
    e = e == NULL ? entry_make(t, key, asked_at) : e;
    enum verdict verdict = e == NULL ? VERDICT_FETCH : wait_for(t, e, ask->clock, a, token, err);
    (void)pthread_mutex_unlock(&t->lock);
    if (verdict != VERDICT_FETCH) {
        return verdict == VERDICT_HAVE;
    }
    struct lti_token_grant grant = {0};
    struct err fail = {0};
    bool is_granted = lti_token_request(ask, a, &grant, &fail);
    if (e != NULL) {
        finish(t, e, &grant, &fail, asked_at);
    }
    if (!is_granted) {
        *err = err->code == ERR_NONE ? fail : *err;
        return false;
    }
    *token = grant.token;
    return true;
}

void lti_tokens_drop(struct lti_tokens *t, const struct lti_token_ask *ask, struct sv token) {
    AUTO_ARENA a = {0};
    const char *key = key_of(ask, &a);
    (void)pthread_mutex_lock(&t->lock);
    struct entry *e = entry_find(t, key);
    if (e != NULL && e->token != NULL && sv_eq_secret(sv_from(e->token), token)) {
        token_free(e->token);
        e->token = NULL;
    }
    (void)pthread_mutex_unlock(&t->lock);
}
