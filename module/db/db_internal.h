/* What the files of this room share. */
#pragma once
#include "db_query.h"
#include <libpq-fe.h>
#include <pthread.h>

struct db_query_def; /* a parsed statement */

struct db_conn {
    struct db_pool *pool;
    PGconn *pg;
    bool *is_prepared; /* by index of the pool's statements */
    bool is_in_transaction;
    bool is_taken;
};

#define DB_CHANNEL "laurel_job"

bool db_connect(struct db_conn *conn, struct err *err);
/* Turn the connection's or result's failure into `err`; false. */
bool db_fail(PGconn *pg, const PGresult *res, const char *what, struct err *err);
const struct db_query_def *db_pool_query(struct db_pool *pool, const char *name, size_t *index);

struct db_query_def {
    const struct blob *blob;
    int n;
    unsigned type[DB_ARGS_MAX];
};
NODISCARD bool db_query_parse(const struct blob *blob, struct db_query_def *out, struct err *err);

static inline void pgresult_free(PGresult **r) { PQclear(*r); }
#define AUTO_PGRESULT CLEANUP(pgresult_free) PGresult
