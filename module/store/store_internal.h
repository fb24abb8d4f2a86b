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
/* The job that judges these people of a course (NULL: everybody), inside an open transaction. */
NODISCARD bool store_judge_job_in(struct db_conn *conn, int64_t institution_id, int64_t course_id,
                                  const int64_t *people, size_t count, struct arena *a,
                                  struct err *err);
/* The jobs that bring awards into the gradebook, inside an open transaction. */
NODISCARD bool store_score_jobs_in(struct db_conn *conn, int64_t institution_id,
                                   const int64_t *award_ids, size_t count, struct arena *a,
                                   struct err *err);
/* Read a course soon, and judge everybody in it: a rule that is new there may be met already.
 * Inside an open transaction. */
NODISCARD bool store_course_revisit_in(struct db_conn *conn, int64_t institution_id,
                                       int64_t course_id, struct arena *a, struct err *err);
/* An audit line inside an open transaction. `object` is JSON of ids and codes only. */
NODISCARD bool store_audit_in(struct db_conn *conn, int64_t institution_id, int64_t actor_person_id,
                              const char *action, struct sv object, struct arena *a,
                              struct err *err);

struct store_key_new;
struct model_registration;
/* Parts of transactions that are open on `conn`: */
NODISCARD bool store_key_add_in(struct store *store, struct db_conn *conn,
                                const struct store_key_new *key, struct arena *a, struct err *err);
/* Waits until nobody else adds a registration with this issuer and client id. */
NODISCARD bool store_registration_lock_in(struct db_conn *conn, const struct model_registration *r,
                                          struct arena *a, struct err *err);
NODISCARD bool store_registration_insert_in(struct db_conn *conn,
                                            const struct model_registration *r, struct arena *a,
                                            int64_t *id, struct err *err);
NODISCARD bool store_registration_update_in(struct db_conn *conn,
                                            const struct model_registration *r, struct arena *a,
                                            struct err *err);
/* The addresses, token audience and scopes alone: what an admin decides stays as it is by now. */
NODISCARD bool store_registration_refresh_in(struct db_conn *conn,
                                             const struct model_registration *r, struct arena *a,
                                             struct err *err);
/* Lets it in: a note that it waits, or was refused, goes. Fails: ERR_CONFLICT "deployment" when it
 * is another institution's. */
NODISCARD bool store_deployment_add_in(struct db_conn *conn, int64_t registration_id,
                                       int64_t institution_id, struct sv deployment_id,
                                       struct arena *a, struct err *err);
/* A secret of a developer key or its grant, sealed for its column; an empty one stays empty. */
NODISCARD bool store_oauth_box(struct store *store, int64_t deployment_id, const char *column,
                               struct sv plain, struct arena *a, struct sv *box, struct err *err);
/* This process forgets what it remembers of registrations; others do within seconds. */
void store_registration_forget(struct store *store);

/* Have awards signed by jobs, 200 each, inside an open transaction. */
NODISCARD bool store_sign_awards_in(struct db_conn *conn, int64_t institution_id,
                                    const int64_t *award_ids, size_t count, struct arena *a,
                                    struct err *err);
NODISCARD bool store_sign_badge_in(struct db_conn *conn, int64_t institution_id, int64_t issuer_id,
                                   int64_t badge_id, struct arena *a, struct err *err);

struct model_issuer;
struct model_share;
/* Columns of issuer_get and issuer_list; eight of credential_sources and share_get from `col` on.
 */
struct model_issuer store_issuer_read(const struct db_rows *rows, int row, struct arena *a);
struct model_share store_share_read(const struct db_rows *rows, int row, int col, struct arena *a);
/* A list of texts that a statement gives as JSON (array_to_json). Everything lives in `a`. */
NODISCARD bool store_texts(struct sv text, struct arena *a, struct sv **out, size_t *count,
                           struct err *err);

/* Copy a text column into the arena. */
static inline struct sv store_text(const struct db_rows *rows, int row, int col, struct arena *a) {
    return sv_copy(a, db_text(rows, row, col));
}
