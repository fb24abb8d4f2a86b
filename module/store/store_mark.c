/* Marks of shared awards, for many askers at once: whoever comes while the database is being asked
 * joins the next batch, as launches do (store_launch.c). A page that is kept costs little beside a
 * round trip of its own. */
#include "store_internal.h"
#include "store_public.h"
#include <errno.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>

#define BATCH_MAX 64

struct ticket {
    struct sv id;
    struct arena *arena; /* for the mark: touched while its owner waits */
    struct sv mark;      /* empty: there is no such page */
    struct err err;
    sem_t wake;   /* its owner sleeps on this alone: all who are woken would meet at the lock */
    bool is_done; /* else whoever is woken asks for the next batch */
    struct ticket *next;
};

struct store_mark_queue {
    pthread_mutex_t lock;
    struct ticket *first, *last; /* who waits for a batch, in order */
    bool is_asking;              /* one batch at a time: the longer it takes the larger the next */
};

struct store_mark_queue *store_mark_queue_create(void) {
    struct store_mark_queue *q = calloc(1, sizeof *q);
    if (q == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&q->lock, NULL);
    return q;
}

void store_mark_queue_destroy(struct store_mark_queue *q) {
    if (q != NULL) {
        (void)pthread_mutex_destroy(&q->lock);
        free(q);
    }
}

static size_t take_batch(struct store_mark_queue *q, struct ticket **batch) {
    size_t n = 0;
    while (q->first != NULL && n < BATCH_MAX) {
        batch[n++] = q->first;
        q->first = q->first->next;
    }
    q->last = q->first == NULL ? NULL : q->last;
    return n;
}

/* The same award may be asked for by several. */
static void hand_out(struct ticket **batch, size_t n, const struct db_rows *rows) {
    for (size_t i = 0; i < n; i++) {
        for (int row = 0; row < rows->count; row++) {
            if (sv_eq(db_text(rows, row, 0), batch[i]->id)) {
                batch[i]->mark = store_text(rows, row, 1, batch[i]->arena);
            }
        }
    }
}

static void ask(struct store *store, struct ticket **batch, size_t n) {
    AUTO_ARENA a = {0};
    AUTO_ROWS rows = {0};
    struct db_args args;
    struct err err = {0};
    struct sv ids[BATCH_MAX];
    for (size_t i = 0; i < n; i++) {
        ids[i] = batch[i]->id;
    }
    db_args_init(&args, &a);
    db_add_texts(&args, ids, n);
    if (store_run(store, 0, "award_marks", &args, &rows, &err)) {
        hand_out(batch, n, &rows);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        batch[i]->err = err;
    }
}

/* One batch, its first being the caller's own; the first of those who came meanwhile asks next. */
static void lead(struct store *store, struct store_mark_queue *q) {
    struct ticket *batch[BATCH_MAX];
    (void)sched_yield(); /* requests that are read already may join */
    (void)pthread_mutex_lock(&q->lock);
    size_t n = take_batch(q, batch);
    (void)pthread_mutex_unlock(&q->lock);
    ask(store, batch, n);
    (void)pthread_mutex_lock(&q->lock);
    struct ticket *next = q->first;
    q->is_asking = next != NULL;
    (void)pthread_mutex_unlock(&q->lock);
    if (next != NULL) {
        (void)sem_post(&next->wake);
    }
    for (size_t i = 1; i < n; i++) { /* each is gone once it is woken */
        batch[i]->is_done = true;
        (void)sem_post(&batch[i]->wake);
    }
}

static void wait_for_mark(struct store *store, struct store_mark_queue *q, struct ticket *me) {
    (void)sem_init(&me->wake, 0, 0);
    (void)pthread_mutex_lock(&q->lock);
    *(q->last == NULL ? &q->first : &q->last->next) = me;
    q->last = me;
    bool must_wait = q->is_asking;
    q->is_asking = true;
    (void)pthread_mutex_unlock(&q->lock);
    while (must_wait && sem_wait(&me->wake) != 0 && errno == EINTR) {
    }
    if (!me->is_done) {
        lead(store, q);
    }
    (void)sem_destroy(&me->wake);
}

bool store_award_mark(struct store *store, struct sv public_id, struct arena *a, struct sv *mark,
                      struct err *err) {
    struct ticket me = {.id = public_id, .arena = a};
    if (uuid_is_valid(public_id)) {
        wait_for_mark(store, store->marks, &me);
    }
    if (me.err.code != ERR_NONE) {
        *err = me.err;
        return false;
    }
    *mark = me.mark;
    return mark->len > 0 || err_because(err, ERR_NOT_FOUND, "public", "there is no such page");
}
