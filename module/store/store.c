#include "store.h"
#include "db_migrate.h"
#include "store_credential.h"
#include "store_internal.h"
#include <stdlib.h>

extern const struct blob blob_queries[];
extern const size_t blob_queries_count;

bool store_create(const struct store_options *o, struct store **out, struct err *err) {
    struct store *s = calloc(1, sizeof *s);
    if (s == NULL) {
        abort();
    }
    s->seal = o->seal;
    s->launches = store_launch_queue_create();
    s->registrations = store_registration_cache_create();
    const struct db_pool_options pool = {.conninfo = o->conninfo,
                                         .connections = o->connections,
                                         .queries = blob_queries,
                                         .query_count = blob_queries_count};
    if (!db_pool_create(&pool, &s->pool, err)) {
        store_destroy(s);
        return false;
    }
    *out = s;
    return true;
}

void store_destroy(struct store *s) {
    if (s != NULL) {
        db_pool_destroy(s->pool);
        store_launch_queue_destroy(s->launches);
        store_registration_cache_destroy(s->registrations);
        free(s);
    }
}

bool store_run(struct store *s, int64_t institution_id, const char *name,
               const struct db_args *args, struct db_rows *rows, struct err *err) {
    AUTO_CONN *conn = NULL;
    if (!db_take(s->pool, STORE_WAIT_MS, &conn, err)) {
        return false;
    }
    return institution_id == 0 ? db_run(conn, name, args, rows, err)
                               : db_run_in(conn, institution_id, name, args, rows, err);
}

bool store_ready(struct store *s, struct err *err) {
    AUTO_CONN *conn = NULL;
    AUTO_ROWS rows = {0};
    return db_take(s->pool, STORE_WAIT_MS, &conn, err) && db_run(conn, "ping", NULL, &rows, err) &&
           db_schema_check(conn, err);
}

bool store_purge(struct store *s, struct err *err) {
    return store_run(s, 0, "purge", NULL, NULL, err) &&
           store_run(s, 0, "time_passes", NULL, NULL, err) &&
           store_run(s, 0, "reconcile_schedule", NULL, NULL, err) &&
           store_run(s, 0, "advantage_purge", NULL, NULL, err) &&
           store_run(s, 0, "oauth_purge", NULL, NULL, err) &&
           store_run(s, 0, "upload_purge", NULL, NULL, err) &&
           store_run(s, 0, "wallet_purge", NULL, NULL, err) &&
           store_run(s, 0, "kept_purge", NULL, NULL, err) && store_sign_missing(s, err);
}
