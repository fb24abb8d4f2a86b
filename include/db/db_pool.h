/* Connections to PostgreSQL: a few, shared by many threads in the order they asked.
 *
 * Invariants: a connection is used by one thread at a time; a broken one is reset before it is
 * handed out again; nothing here holds state between requests. */
#pragma once
#include "base_blob.h"
#include "base_err.h"
#include <stdbool.h>
#include <stddef.h>

struct db_pool;
struct db_conn;

struct db_pool_options {
    const char *conninfo;       /* libpq connection string; several hosts allowed */
    int connections;            /* >= 1 */
    const struct blob *queries; /* sorted by name: one statement a file, see db_query.h */
    size_t query_count;
};

/* Does not connect: the first db_take does. *out is destroyed by the caller, after its threads. */
NODISCARD bool db_pool_create(const struct db_pool_options *options, struct db_pool **out,
                              struct err *err);
void db_pool_destroy(struct db_pool *pool);

/* Wait at most wait_ms for a connection, first come first served. Fails: ERR_DB, retry later,
 * reason "database" when PostgreSQL cannot be reached (at once if it could not a second ago) or
 * "busy". */
NODISCARD bool db_take(struct db_pool *pool, int wait_ms, struct db_conn **out, struct err *err);
/* Give it back (NULL does nothing). Rolls back what is still open. */
void db_give(struct db_conn *conn);
static inline void db_give_auto(struct db_conn **conn) { db_give(*conn); }
#define AUTO_CONN CLEANUP(db_give_auto) struct db_conn

/* The socket of the connection, to wait on for notifications; -1 when broken. */
int db_conn_socket(struct db_conn *conn);
/* LISTEN on the worker's channel. */
NODISCARD bool db_listen(struct db_conn *conn, struct err *err);
/* Wait for a notification, at most wait_ms. True when one came or the connection broke (*broken).
 */
bool db_wait_notify(struct db_conn *conn, int wait_ms, bool *is_broken);
