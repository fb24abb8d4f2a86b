/* What the files of this room share. */
#pragma once
#include "db_query.h"
#include "store.h"
#include <pthread.h>

struct store_launch_queue;
struct store_registration_cache;

struct store {
    struct db_pool *pool;
    const struct seal *seal;
    struct store_launch_queue *launches;
    struct store_registration_cache *registrations;
};

struct store_launch_queue *store_launch_queue_create(void);
void store_launch_queue_destroy(struct store_launch_queue *q);
struct store_registration_cache *store_registration_cache_create(void);
void store_registration_cache_destroy(struct store_registration_cache *c);

/* One statement on a connection of its own; institution_id 0: directory tables and definer
 * functions. */
NODISCARD bool store_run(struct store *store, int64_t institution_id, const char *name,
                         const struct db_args *args, struct db_rows *rows, struct err *err);

struct store_job_new;
/* Add a job inside a transaction that is open on `conn`. */
NODISCARD bool store_job_add_in(struct db_conn *conn, const struct store_job_new *job,
                                struct arena *a, struct err *err);
/* The job that brings an award into the gradebook, inside an open transaction. */
NODISCARD bool store_score_job_in(struct db_conn *conn, int64_t institution_id, int64_t award_id,
                                  struct arena *a, struct err *err);
/* Read a course soon and judge everybody in it, since a new rule may be met already; inside an open
 * transaction. */
NODISCARD bool store_course_revisit_in(struct db_conn *conn, int64_t institution_id,
                                       int64_t course_id, struct arena *a, struct err *err);
/* An audit line inside an open transaction. `object` is JSON of ids and codes only. */
NODISCARD bool store_audit_in(struct db_conn *conn, int64_t institution_id, int64_t actor_person_id,
                              const char *action, struct sv object, struct arena *a,
                              struct err *err);

/* Copy a text column into the arena. */
static inline struct sv store_text(const struct db_rows *rows, int row, int col, struct arena *a) {
    return sv_copy(a, db_text(rows, row, col));
}
