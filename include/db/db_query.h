/* Named statements. Each sql/query/NAME.sql holds one; its first line declares it:
 *
 *   -- institution int8, key text, tags text[] -> id int8, name text
 *
 * Types: int8, bool, text, bytea, timestamptz, and arrays of them. Statements are prepared once per
 * connection, under their file's name, with exactly these types; arguments of another type are
 * ERR_BUG. Arguments travel in binary (PostgreSQL 15, 55.2 and array_recv), results come back as
 * text. */
#pragma once
#include "base_clock.h"
#include "base_str.h"
#include "db_pool.h"

#define DB_ARGS_MAX 40

struct db_args {
    struct arena *arena;
    int n;
    unsigned type[DB_ARGS_MAX]; /* PostgreSQL type ids */
    const char *value[DB_ARGS_MAX];
    int len[DB_ARGS_MAX];
};

void db_args_init(struct db_args *args, struct arena *a);
/* Texts and bytes are borrowed until the call returns. */
void db_add_text(struct db_args *args, struct sv text);
void db_add_text_or_null(struct db_args *args, struct sv text); /* empty becomes NULL */
void db_add_i64(struct db_args *args, int64_t n);
void db_add_i64_or_null(struct db_args *args, int64_t n); /* 0 becomes NULL */
void db_add_bool(struct db_args *args, bool b);
void db_add_bytes(struct db_args *args, struct sv bytes);
void db_add_time(struct db_args *args, usec_t t); /* 0 becomes NULL */
/* Arrays, one dimension. Where an `or_null` array is meant: empty texts and zero times become NULL.
 */
void db_add_texts(struct db_args *args, const struct sv *items, size_t n);
void db_add_texts_or_null(struct db_args *args, const struct sv *items, size_t n);
void db_add_bytes_array(struct db_args *args, const struct sv *items, size_t n);
void db_add_i64s(struct db_args *args, const int64_t *items, size_t n);
/* items NULL: the whole array is NULL. */
void db_add_i64s_or_null(struct db_args *args, const int64_t *items, size_t n);
void db_add_bools(struct db_args *args, const bool *items, size_t n);
void db_add_times(struct db_args *args, const usec_t *items, size_t n);

/* A result. Released by scope: AUTO_ROWS rows = {0}; */
struct db_rows {
    void *result; /* PGresult */
    int count;
};
void db_rows_release(struct db_rows *rows);
#define AUTO_ROWS CLEANUP(db_rows_release) struct db_rows

/* Columns by position, from 0. Borrowed from the rows; NULL reads as empty, 0 or false. */
bool db_is_null(const struct db_rows *rows, int row, int col);
struct sv db_text(const struct db_rows *rows, int row, int col);
int64_t db_i64(const struct db_rows *rows, int row, int col);
bool db_bool(const struct db_rows *rows, int row, int col);
/* A column that the statement gives as microseconds since 1970 (usec()). */
usec_t db_time(const struct db_rows *rows, int row, int col);
/* A bytea column, decoded into the arena. */
struct sv db_bytes(const struct db_rows *rows, int row, int col, struct arena *a);

/* Run one statement by itself: one round trip, its own commit. For directory tables and definer
 * functions. A read whose connection turns out to be dead is tried once more on a new one.
 * Fails: ERR_DB with sqlstate (retry later for lost connections, deadlocks, serialisation). */
NODISCARD bool db_run(struct db_conn *conn, const char *name, const struct db_args *args,
                      struct db_rows *rows, struct err *err);
/* The same inside BEGIN; SET LOCAL laurel.institution; ...; COMMIT, still one round trip. */
NODISCARD bool db_run_in(struct db_conn *conn, int64_t institution_id, const char *name,
                         const struct db_args *args, struct db_rows *rows, struct err *err);

/* A transaction of several statements. institution_id 0: directory tables only. */
NODISCARD bool db_begin(struct db_conn *conn, int64_t institution_id, struct err *err);
NODISCARD bool db_commit(struct db_conn *conn, struct err *err);
/* Does nothing when no transaction is open. */
void db_rollback(struct db_conn *conn);
