#include "db_query.h"
#include "base_encode.h"
#include "base_num.h"
#include "db_internal.h"
#include "db_types.h"
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned type;
} TYPES[] = {{"int8", DB_INT8},
             {"bool", DB_BOOL},
             {"text", DB_TEXT},
             {"bytea", DB_BYTEA},
             {"timestamptz", DB_TIMESTAMPTZ},
             {"int8[]", DB_INT8_ARRAY},
             {"bool[]", DB_BOOL_ARRAY},
             {"text[]", DB_TEXT_ARRAY},
             {"bytea[]", DB_BYTEA_ARRAY},
             {"timestamptz[]", DB_TIMESTAMPTZ_ARRAY}};

static bool type_named(struct sv name, unsigned *type) {
    for (size_t i = 0; i < ARRAY_LEN(TYPES); i++) {
        if (sv_eq(name, sv_from(TYPES[i].name))) {
            *type = TYPES[i].type;
            return true;
        }
    }
    return false;
}

bool db_query_parse(const struct blob *blob, struct db_query_def *out, struct err *err) {
    struct sv line;
    struct sv rest;
    (void)sv_cut(blob_sv(blob), '\n', &line, &rest);
    if (!sv_starts(line, SV("-- "))) {
        return err_set(err, ERR_BUG, "%s does not begin with its declaration", blob->name);
    }
    line = sv_trim(sv_skip(line, 3));
    for (size_t i = 0; i + 1 < line.len; i++) {
        if (line.ptr[i] == '-' && line.ptr[i + 1] == '>') {
            line = sv_trim(sv_head(line, i));
            break;
        }
    }
    out->blob = blob;
    out->n = 0;
    while (line.len > 0) {
        struct sv one;
        struct sv name;
        struct sv type;
        (void)sv_cut(line, ',', &one, &line);
        if (out->n >= DB_ARGS_MAX || !sv_cut(sv_trim(one), ' ', &name, &type) ||
            !type_named(sv_trim(type), &out->type[out->n])) {
            return err_set(err, ERR_BUG, "%s: cannot read the declaration \"%.*s\"", blob->name,
                           SV_ARG(one));
        }
        out->n++;
    }
    return true;
}

static bool is_lost(PGconn *pg) { return PQstatus(pg) != CONNECTION_OK; }

/* Whether an answer means that the server is gone, which libpq's own status learns only later: no
 * result at all, an error that libpq made up itself (it has no SQLSTATE), or the server's last
 * words (57P01 to 57P03: shut down, crashed, starting). */
static bool is_farewell(const PGresult *res) {
    ExecStatusType status = PQresultStatus(res); /* of NULL: PGRES_FATAL_ERROR */
    const char *state = res == NULL ? NULL : PQresultErrorField(res, PG_DIAG_SQLSTATE);
    return status == PGRES_FATAL_ERROR && (state == NULL || strncmp(state, "57P0", 4) == 0);
}

bool db_fail(PGconn *pg, const PGresult *res, const char *what, struct err *err) {
    const char *state = res == NULL ? NULL : PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *why = res == NULL ? NULL : PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    bool is_again =
        state != NULL && (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0 ||
                          strncmp(state, "57P", 3) == 0 || strncmp(state, "53", 2) == 0);
    bool is_gone = is_lost(pg) || is_farewell(res);
    /* undefined table or function: nobody has migrated this database, or an older release did */
    if (state != NULL && (strcmp(state, "42P01") == 0 || strcmp(state, "42883") == 0)) {
        (void)err_because(
            err, ERR_DB, "schema",
            "the database does not have this program's schema: run `laurel migrate` (%s)", what);
        (void)snprintf(err->sqlstate, sizeof err->sqlstate, "%s", state);
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    (void)err_because(err, ERR_DB, is_gone ? "database" : "statement", "%s: %s", what,
                      is_gone       ? "the connection to PostgreSQL was lost; try again"
                      : why != NULL ? why
                                    : "PostgreSQL gave no answer");
    (void)snprintf(err->sqlstate, sizeof err->sqlstate, "%s", state == NULL ? "" : state);
    return err_retry_as(err, is_gone || is_again ? ERR_RETRY_LATER : ERR_RETRY_NO);
}

static bool check_args(const struct db_query_def *q, const struct db_args *args, const char *name,
                       struct err *err) {
    int n = args == NULL ? 0 : args->n;
    if (q == NULL) {
        return err_set(err, ERR_BUG, "there is no statement %s", name);
    }
    if (n != q->n) {
        return err_set(err, ERR_BUG, "%s takes %d arguments and got %d", name, q->n, n);
    }
    for (int i = 0; i < n; i++) {
        if (args->type[i] != q->type[i]) {
            return err_set(err, ERR_BUG, "%s: argument %d has another type than declared", name,
                           i + 1);
        }
    }
    return true;
}

/* So that the next use of the connection makes a new one. */
static void drop_if_gone(struct db_conn *c, const PGresult *res) {
    if (is_farewell(res)) {
        PQfinish(c->pg);
        c->pg = NULL;
    }
}

static bool prepare(struct db_conn *c, const struct db_query_def *q, size_t index, const char *name,
                    struct err *err) {
    if (c->is_prepared[index]) {
        return true;
    }
    AUTO_PGRESULT *res = PQprepare(c->pg, name, (const char *)q->blob->bytes, q->n, q->type);
    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        (void)db_fail(c->pg, res, name, err);
        drop_if_gone(c, res);
        return false;
    }
    c->is_prepared[index] = true;
    return true;
}

static bool keep_result(PGconn *pg, PGresult *res, const char *name, struct db_rows *rows,
                        struct err *err) {
    ExecStatusType status = PQresultStatus(res);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        (void)db_fail(pg, res, name, err);
        PQclear(res);
        return false;
    }
    if (rows == NULL) {
        PQclear(res);
        return true;
    }
    db_rows_release(rows);
    rows->result = res;
    rows->count = PQntuples(res);
    return true;
}

static const int *all_binary(void) {
    static const int formats[DB_ARGS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                             1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                             1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    return formats;
}

static bool run_once(struct db_conn *c, const char *name, const struct db_args *args,
                     struct db_rows *rows, struct err *err) {
    size_t index = 0;
    const struct db_query_def *q = db_pool_query(c->pool, name, &index);
    if (!check_args(q, args, name, err) || !prepare(c, q, index, name, err)) {
        return false;
    }
    PGresult *res = PQexecPrepared(c->pg, name, q->n, args == NULL ? NULL : args->value,
                                   args == NULL ? NULL : args->len, all_binary(), 0);
    if (is_farewell(res)) {
        (void)db_fail(c->pg, res, name, err);
        drop_if_gone(c, res);
        PQclear(res);
        return false;
    }
    return keep_result(c->pg, res, name, rows, err);
}

/* A statement may be repeated after a lost connection when it reads, or calls a function: those of
 * sql/migrate do the same thing once, however often they are asked. */
static bool is_repeatable(struct db_conn *c, const char *name) {
    size_t index = 0;
    const struct db_query_def *q = db_pool_query(c->pool, name, &index);
    struct sv line;
    struct sv sql;
    if (q == NULL) {
        return false;
    }
    (void)sv_cut(blob_sv(q->blob), '\n', &line, &sql);
    return sv_starts(sv_trim(sql), SV("SELECT"));
}

bool db_run(struct db_conn *c, const char *name, const struct db_args *args, struct db_rows *rows,
            struct err *err) {
    struct err first = {0};
    if (run_once(c, name, args, rows, &first)) {
        return true;
    }
    if (!c->is_in_transaction && is_lost(c->pg) && is_repeatable(c, name)) {
        return db_connect(c, err) && run_once(c, name, args, rows, err);
    }
    *err = err->code == ERR_NONE ? first : *err;
    return false;
}

static bool send_in(struct db_conn *c, int64_t institution_id, const char *name,
                    const struct db_query_def *q, const struct db_args *args) {
    char set[80];
    (void)snprintf(set, sizeof set, "SET LOCAL laurel.institution = '%lld'",
                   (long long)institution_id);
    return PQenterPipelineMode(c->pg) == 1 &&
           PQsendQueryParams(c->pg, "BEGIN", 0, NULL, NULL, NULL, NULL, 0) == 1 &&
           PQsendQueryParams(c->pg, set, 0, NULL, NULL, NULL, NULL, 0) == 1 &&
           PQsendQueryPrepared(c->pg, name, q->n, args == NULL ? NULL : args->value,
                               args == NULL ? NULL : args->len, all_binary(), 0) == 1 &&
           PQsendQueryParams(c->pg, "COMMIT", 0, NULL, NULL, NULL, NULL, 0) == 1 &&
           PQpipelineSync(c->pg) == 1;
}

/* Collects the four results; keeps the third. */
static bool collect_in(struct db_conn *c, const char *name, struct db_rows *rows, struct err *err) {
    bool is_ok = true;
    int statement = 0;
    bool is_synced = false;
    int silent = 0;
    while (!is_synced) {
        PGresult *res = PQgetResult(c->pg);
        if (res == NULL) {
            /* one ends a statement's results; two mean that nobody is there any more */
            if (is_lost(c->pg) || ++silent > 1) {
                (void)db_fail(c->pg, NULL, name, err);
                drop_if_gone(c, NULL);
                return false;
            }
            continue;
        }
        silent = 0;
        if (is_farewell(res)) {
            (void)db_fail(c->pg, res, name, err);
            drop_if_gone(c, res);
            PQclear(res);
            return false;
        }
        ExecStatusType status = PQresultStatus(res);
        is_synced = status == PGRES_PIPELINE_SYNC;
        if (is_synced) {
            PQclear(res);
        } else if (statement == 2 && is_ok) {
            is_ok = keep_result(c->pg, res, name, rows, err);
        } else {
            if (is_ok && status != PGRES_COMMAND_OK) {
                is_ok = db_fail(c->pg, res, name, err);
            }
            PQclear(res);
        }
        statement++;
        if (is_lost(c->pg)) {
            return db_fail(c->pg, NULL, name, err);
        }
    }
    return is_ok;
}

static bool run_in_once(struct db_conn *c, int64_t institution_id, const char *name,
                        const struct db_args *args, struct db_rows *rows, struct err *err) {
    size_t index = 0;
    const struct db_query_def *q = db_pool_query(c->pool, name, &index);
    if (!check_args(q, args, name, err) || !prepare(c, q, index, name, err)) {
        return false;
    }
    bool is_ok = send_in(c, institution_id, name, q, args) ? collect_in(c, name, rows, err)
                                                           : db_fail(c->pg, NULL, name, err);
    if (c->pg == NULL) {
        return false;
    }
    (void)PQexitPipelineMode(c->pg);
    if (PQtransactionStatus(c->pg) != PQTRANS_IDLE && !is_lost(c->pg)) {
        AUTO_PGRESULT *undo = PQexec(c->pg, "ROLLBACK");
        (void)undo;
    }
    return is_ok;
}

bool db_run_in(struct db_conn *c, int64_t institution_id, const char *name,
               const struct db_args *args, struct db_rows *rows, struct err *err) {
    struct err first = {0};
    if (run_in_once(c, institution_id, name, args, rows, &first)) {
        return true;
    }
    if (is_lost(c->pg) && is_repeatable(c, name)) {
        return db_connect(c, err) && run_in_once(c, institution_id, name, args, rows, err);
    }
    *err = err->code == ERR_NONE ? first : *err;
    return false;
}

static bool command(struct db_conn *c, const char *sql, struct err *err) {
    AUTO_PGRESULT *res = PQexec(c->pg, sql);
    if (PQresultStatus(res) == PGRES_COMMAND_OK) {
        return true;
    }
    (void)db_fail(c->pg, res, "transaction", err);
    drop_if_gone(c, res);
    return false;
}

bool db_begin(struct db_conn *c, int64_t institution_id, struct err *err) {
    char sql[96];
    (void)snprintf(sql, sizeof sql, "BEGIN; SET LOCAL laurel.institution = '%lld'",
                   (long long)institution_id);
    const char *begin = institution_id == 0 ? "BEGIN" : sql;
    struct err first = {0};
    if (!command(c, begin, &first)) {
        /* Nothing has happened yet, so a dead connection costs a retry. */
        if (!is_lost(c->pg)) {
            db_rollback(c);
            *err = first;
            return false;
        }
        if (!db_connect(c, err) || !command(c, begin, err)) {
            return false;
        }
    }
    c->is_in_transaction = true;
    return true;
}

bool db_commit(struct db_conn *c, struct err *err) {
    if (PQtransactionStatus(c->pg) == PQTRANS_INERROR) {
        db_rollback(c);
        return err_set(err, ERR_BUG, "a failed transaction was to be committed");
    }
    c->is_in_transaction = false;
    return command(c, "COMMIT", err);
}

void db_rollback(struct db_conn *c) {
    if (c->pg != NULL && PQstatus(c->pg) == CONNECTION_OK &&
        PQtransactionStatus(c->pg) != PQTRANS_IDLE) {
        AUTO_PGRESULT *res = PQexec(c->pg, "ROLLBACK");
        (void)res;
    }
    c->is_in_transaction = false;
}

void db_rows_release(struct db_rows *rows) {
    PQclear(rows->result);
    rows->result = NULL;
    rows->count = 0;
}

bool db_is_null(const struct db_rows *rows, int row, int col) {
    return PQgetisnull(rows->result, row, col) == 1;
}

struct sv db_text(const struct db_rows *rows, int row, int col) {
    return sv_of(PQgetvalue(rows->result, row, col), (size_t)PQgetlength(rows->result, row, col));
}

int64_t db_i64(const struct db_rows *rows, int row, int col) {
    int64_t n = 0;
    return num_parse_i64(db_text(rows, row, col), INT64_MIN, INT64_MAX, &n) ? n : 0;
}

bool db_bool(const struct db_rows *rows, int row, int col) {
    return sv_eq(db_text(rows, row, col), SV("t"));
}

usec_t db_time(const struct db_rows *rows, int row, int col) { return db_i64(rows, row, col); }

struct sv db_bytes(const struct db_rows *rows, int row, int col, struct arena *a) {
    struct sv text = db_text(rows, row, col);
    struct sv bytes = {0};
    struct err ignored = {0};
    if (!sv_starts(text, SV("\\x")) || !hex_decode(a, sv_skip(text, 2), &bytes, &ignored)) {
        return sv_of("", 0);
    }
    return bytes;
}
