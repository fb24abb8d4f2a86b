#include "store_job.h"
#include "store_internal.h"
#include <stdlib.h>

bool store_job_add_in(struct db_conn *conn, const struct store_job_new *j, struct arena *a,
                      struct err *err) {
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, j->institution_id);
    db_add_text(&args, j->kind);
    db_add_text(&args, j->dedupe);
    db_add_text(&args, j->payload.len == 0 ? SV("{}") : j->payload);
    db_add_i64(&args, j->priority);
    db_add_time(&args, j->run_at);
    return db_run(conn, "job_add", &args, NULL, err);
}

bool store_job_add(struct store *store, const struct store_job_new *job, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_CONN *conn = NULL;
    return db_take(store->pool, STORE_WAIT_MS, &conn, err) && store_job_add_in(conn, job, &a, err);
}

bool store_job_take(struct store *store, struct arena *a, struct store_job *out, bool *is_found,
                    struct err *err) {
    AUTO_ROWS rows = {0};
    struct db_args args;
    db_args_init(&args, a);
    db_add_i64(&args, STORE_JOB_LEASE_S);
    if (!store_run(store, 0, "job_take", &args, &rows, err)) {
        return false;
    }
    *is_found = rows.count > 0;
    if (*is_found) {
        *out = (struct store_job){.id = db_i64(&rows, 0, 0),
                                  .institution_id = db_i64(&rows, 0, 1),
                                  .kind = store_text(&rows, 0, 2, a),
                                  .payload = store_text(&rows, 0, 3, a),
                                  .attempts = db_i64(&rows, 0, 4),
                                  .priority = db_i64(&rows, 0, 5),
                                  .lane = store_text(&rows, 0, 6, a),
                                  .slots = db_i64(&rows, 0, 7)};
    }
    return true;
}

bool store_job_renew(struct store *store, const int64_t *ids, size_t count, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64s(&args, ids, count);
    db_add_i64(&args, STORE_JOB_LEASE_S);
    return store_run(store, 0, "job_renew", &args, NULL, err);
}

bool store_job_done(struct store *store, int64_t id, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, id);
    return store_run(store, 0, "job_done", &args, NULL, err);
}

bool store_job_failed(struct store *store, int64_t id, struct sv state, usec_t run_at,
                      struct sv text, struct err *err) {
    AUTO_ARENA a = {0};
    struct db_args args;
    db_args_init(&args, &a);
    db_add_i64(&args, id);
    db_add_text(&args, state);
    db_add_time(&args, run_at);
    db_add_text(&args, text);
    return store_run(store, 0, "job_failed", &args, NULL, err);
}

bool store_job_schedule(struct store *store, struct err *err) {
    return store_run(store, 0, "job_schedule", NULL, NULL, err);
}

bool store_job_schedule_now(struct store *store, struct err *err) {
    return store_job_schedule(store, err) && store_run(store, 0, "sync_hasten", NULL, NULL, err);
}

bool store_job_count(struct store *store, struct store_job_counts *out, struct err *err) {
    AUTO_ROWS rows = {0};
    if (!store_run(store, 0, "job_count", NULL, &rows, err)) {
        return false;
    }
    *out = (struct store_job_counts){.waiting = db_i64(&rows, 0, 0),
                                     .due = db_i64(&rows, 0, 1),
                                     .leased = db_i64(&rows, 0, 2),
                                     .parked = db_i64(&rows, 0, 3),
                                     .dead = db_i64(&rows, 0, 4)};
    return true;
}

struct store_job_bell {
    struct store *store;
    struct db_conn *conn; /* NULL while PostgreSQL is away */
};

static void listen_again(struct store_job_bell *bell) {
    struct err ignored = {0};
    if (bell->conn == NULL && db_take(bell->store->pool, 0, &bell->conn, &ignored) &&
        !db_listen(bell->conn, &ignored)) {
        db_give(bell->conn);
        bell->conn = NULL;
    }
}

bool store_job_bell_open(struct store *store, struct store_job_bell **out, struct err *err) {
    (void)err;
    struct store_job_bell *bell = calloc(1, sizeof *bell);
    if (bell == NULL) {
        abort();
    }
    bell->store = store;
    listen_again(bell);
    *out = bell;
    return true;
}

void store_job_bell_close(struct store_job_bell *bell) {
    if (bell != NULL) {
        db_give(bell->conn);
        free(bell);
    }
}

void store_job_bell_wait(struct store_job_bell *bell, int wait_ms) {
    listen_again(bell);
    if (bell->conn == NULL) { /* polling is the safety net */
        const struct timespec pause = {.tv_sec = wait_ms / 1000,
                                       .tv_nsec = wait_ms % 1000 * 1000000L};
        (void)nanosleep(&pause, NULL);
        return;
    }
    bool is_broken = false;
    (void)db_wait_notify(bell->conn, wait_ms, &is_broken);
    if (is_broken) {
        db_give(bell->conn);
        bell->conn = NULL;
    }
}
