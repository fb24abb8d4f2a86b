#include "db_pool.h"
#include "base_log.h"
#include "db_internal.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECONNECT_PAUSE (1 * USEC_PER_S)

struct waiter {
    struct waiter *next;
    pthread_cond_t wake;
    struct db_conn *given;
};

struct db_pool {
    pthread_mutex_t lock;
    char *conninfo;
    struct db_conn *conns;
    int count;
    struct waiter *first, *last;
    usec_t failed_at; /* clock_monotonic of the last refused connection, 0: none */
    struct db_query_def *queries;
    size_t query_count;
};

bool db_pool_create(const struct db_pool_options *o, struct db_pool **out, struct err *err) {
    struct db_pool *p = calloc(1, sizeof *p);
    if (p == NULL) {
        abort();
    }
    (void)pthread_mutex_init(&p->lock, NULL);
    p->count = o->connections;
    p->query_count = o->query_count;
    p->conninfo = strdup(o->conninfo);
    p->conns = calloc((size_t)p->count, sizeof *p->conns);
    p->queries = calloc(p->query_count + 1, sizeof *p->queries);
    if (p->conninfo == NULL || p->conns == NULL || p->queries == NULL) {
        abort();
    }
    bool is_ok = true;
    for (size_t i = 0; i < p->query_count && is_ok; i++) {
        is_ok = db_query_parse(&o->queries[i], &p->queries[i], err);
    }
    for (int i = 0; i < p->count; i++) {
        p->conns[i].pool = p;
        p->conns[i].is_prepared = calloc(p->query_count + 1, sizeof(bool));
        if (p->conns[i].is_prepared == NULL) {
            abort();
        }
    }
    if (!is_ok) {
        db_pool_destroy(p);
        return false;
    }
    *out = p;
    return true;
}

void db_pool_destroy(struct db_pool *p) {
    if (p == NULL) {
        return;
    }
    for (int i = 0; i < p->count; i++) {
        PQfinish(p->conns[i].pg);
        free(p->conns[i].is_prepared);
    }
    free(p->conns);
    free(p->queries);
    free(p->conninfo);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}

const struct db_query_def *db_pool_query(struct db_pool *p, const char *name, size_t *index) {
    char file[80];
    (void)snprintf(file, sizeof file, "%s.sql", name);
    size_t low = 0;
    size_t high = p->query_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = strcmp(file, p->queries[mid].blob->name);
        if (c == 0) {
            *index = mid;
            return &p->queries[mid];
        }
        low = c < 0 ? low : mid + 1;
        high = c < 0 ? mid : high;
    }
    return NULL;
}

static bool fail_unreachable(PGconn *pg, struct err *err) {
    const char *why = pg == NULL ? "" : PQerrorMessage(pg);
    struct sv first;
    struct sv rest;
    (void)sv_cut(sv_from(why), '\n', &first, &rest);
    (void)err_because(
        err, ERR_DB, "database",
        "PostgreSQL cannot be reached; check `database` in the configuration and that the "
        "server runs%s%.*s",
        first.len == 0 ? "" : ": ", SV_ARG(first));
    return err_retry_as(err, ERR_RETRY_LATER);
}

static void quiet_notice(void *ctx, const PGresult *res) {
    (void)ctx;
    (void)res;
}

bool db_connect(struct db_conn *c, struct err *err) {
    struct db_pool *p = c->pool;
    (void)pthread_mutex_lock(&p->lock);
    bool is_too_soon = p->failed_at != 0 && clock_monotonic() - p->failed_at < RECONNECT_PAUSE;
    (void)pthread_mutex_unlock(&p->lock);
    if (is_too_soon) {
        return fail_unreachable(NULL, err);
    }
    PQfinish(c->pg);
    const char *keys[] = {"dbname",          "connect_timeout", "application_name",
                          "client_encoding", "keepalives_idle", NULL};
    const char *values[] = {p->conninfo, "3", "laurel", "UTF8", "30", NULL};
    c->pg = PQconnectdbParams(keys, values, 1);
    memset(c->is_prepared, 0, p->query_count);
    c->is_in_transaction = false;
    bool is_ok = PQstatus(c->pg) == CONNECTION_OK;
    (void)pthread_mutex_lock(&p->lock);
    p->failed_at = is_ok ? 0 : clock_monotonic();
    (void)pthread_mutex_unlock(&p->lock);
    if (!is_ok) {
        (void)fail_unreachable(c->pg, err);
        PQfinish(c->pg);
        c->pg = NULL;
        return false;
    }
    (void)PQsetNoticeReceiver(c->pg, quiet_notice, NULL);
    return true;
}

/* Under the lock: a free connection, best one that is already open. */
static struct db_conn *pick_free(struct db_pool *p) {
    struct db_conn *best = NULL;
    for (int i = 0; i < p->count; i++) {
        struct db_conn *c = &p->conns[i];
        if (!c->is_taken && (best == NULL || (best->pg == NULL && c->pg != NULL))) {
            best = c;
        }
    }
    return best;
}

static void unlink_waiter(struct db_pool *p, const struct waiter *w) {
    struct waiter *before = NULL;
    for (struct waiter *at = p->first; at != NULL; before = at, at = at->next) {
        if (at == w) {
            *(before == NULL ? &p->first : &before->next) = w->next;
            if (p->last == w) {
                p->last = before;
            }
            return;
        }
    }
}

static struct db_conn *wait_in_line(struct db_pool *p, int wait_ms) {
    struct waiter me = {0};
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&me.wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    *(p->last == NULL ? &p->first : &p->last->next) = &me;
    p->last = &me;
    usec_t until = clock_monotonic() + (usec_t)wait_ms * 1000;
    struct timespec at = {.tv_sec = until / USEC_PER_S, .tv_nsec = until % USEC_PER_S * 1000};
    int rc = 0;
    while (me.given == NULL && rc == 0) {
        rc = pthread_cond_timedwait(&me.wake, &p->lock, &at);
    }
    if (me.given == NULL) {
        unlink_waiter(p, &me);
    }
    (void)pthread_cond_destroy(&me.wake);
    return me.given;
}

bool db_take(struct db_pool *p, int wait_ms, struct db_conn **out, struct err *err) {
    (void)pthread_mutex_lock(&p->lock);
    struct db_conn *c = p->first == NULL ? pick_free(p) : NULL;
    if (c != NULL) {
        c->is_taken = true;
    } else {
        c = wait_in_line(p, wait_ms);
    }
    (void)pthread_mutex_unlock(&p->lock);
    if (c == NULL) {
        (void)err_because(err, ERR_DB, "busy",
                          "the database connections are all in use; try again");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    if ((c->pg == NULL || PQstatus(c->pg) != CONNECTION_OK) && !db_connect(c, err)) {
        db_give(c);
        return false;
    }
    *out = c;
    return true;
}

void db_give(struct db_conn *c) {
    if (c == NULL) {
        return;
    }
    db_rollback(c);
    struct db_pool *p = c->pool;
    (void)pthread_mutex_lock(&p->lock);
    struct waiter *next = p->first;
    if (next != NULL) {
        p->first = next->next;
        if (p->first == NULL) {
            p->last = NULL;
        }
        next->given = c;
        (void)pthread_cond_signal(&next->wake);
    } else {
        c->is_taken = false;
    }
    (void)pthread_mutex_unlock(&p->lock);
}

int db_conn_socket(struct db_conn *c) { return c->pg == NULL ? -1 : PQsocket(c->pg); }

bool db_listen(struct db_conn *c, struct err *err) {
    AUTO_PGRESULT *res = PQexec(c->pg, "LISTEN " DB_CHANNEL);
    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        return db_fail(c->pg, res, "listen", err);
    }
    return true;
}

bool db_wait_notify(struct db_conn *c, int wait_ms, bool *is_broken) {
    *is_broken = false;
    struct pollfd fd = {.fd = db_conn_socket(c), .events = POLLIN};
    if (fd.fd < 0 || PQstatus(c->pg) != CONNECTION_OK) {
        *is_broken = true;
        return true;
    }
    PGnotify *note = PQnotifies(c->pg);
    if (note == NULL && poll(&fd, 1, wait_ms) > 0) {
        if (PQconsumeInput(c->pg) == 0) {
            *is_broken = true;
            return true;
        }
        note = PQnotifies(c->pg);
    }
    bool has_come = note != NULL;
    while (note != NULL) {
        PQfreemem(note);
        note = PQnotifies(c->pg);
    }
    return has_come;
}
