#include "db_migrate.h"
#include "base_encode.h"
#include "base_num.h"
#include "db_internal.h"
#include <string.h>

extern const struct blob blob_migrations[];
extern const size_t blob_migrations_count;
extern const struct blob blob_bootstrap[];
extern const size_t blob_bootstrap_count;

static inline void pgconn_free(PGconn **c) { PQfinish(*c); }
#define AUTO_PGCONN CLEANUP(pgconn_free) PGconn

/* What must run before there is a schema: sql/bootstrap/NAME. */
static const char *bootstrap(const char *name) {
    const struct blob *b = blob_find(blob_bootstrap, blob_bootstrap_count, sv_from(name));
    return b == NULL ? "" : (const char *)b->bytes;
}

int db_schema_version(void) { return (int)blob_migrations_count; }

static bool run(PGconn *pg, const char *sql, const char *what, struct err *err) {
    AUTO_PGRESULT *res = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(res);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || db_fail(pg, res, what, err);
}

/* "0001_directory.sql" must carry its place in the list. */
static bool check_numbering(struct err *err) {
    for (size_t i = 0; i < blob_migrations_count; i++) {
        int64_t n = 0;
        if (!num_parse_i64(sv_head(sv_from(blob_migrations[i].name), 4), 1, 9999, &n) ||
            n != (int64_t)i + 1) {
            return err_set(err, ERR_BUG, "migration %s is out of order", blob_migrations[i].name);
        }
    }
    return true;
}

static struct sv digest(struct arena *a, size_t index) {
    unsigned char sum[32];
    sha256(blob_migrations[index].bytes, blob_migrations[index].len, sum);
    return hex_encode(a, sum, sizeof sum);
}

/* Reads what is applied, and compares it with what is embedded. */
static bool read_applied(PGconn *pg, struct arena *a, int *version, struct err *err) {
    AUTO_PGRESULT *res = PQexec(pg, bootstrap("applied.sql"));
    if (PQresultStatus(res) != PGRES_TUPLES_OK) {
        return db_fail(pg, res, "migrations", err);
    }
    *version = PQntuples(res);
    for (int i = 0; i < *version; i++) {
        if (i >= (int)blob_migrations_count) {
            return err_because(
                err, ERR_CONFLICT, "schema_newer",
                "the database has schema %d and this laurel knows %d: it was migrated by a "
                "newer release; install that release",
                *version, db_schema_version());
        }
        if (!sv_eq(sv_from(PQgetvalue(res, i, 1)), digest(a, (size_t)i))) {
            return err_because(err, ERR_CONFLICT, "schema_altered",
                               "migration %s was applied in another form than this laurel holds; "
                               "use the release that made this database, or restore a backup",
                               blob_migrations[i].name);
        }
    }
    return true;
}

static bool apply(PGconn *pg, struct arena *a, size_t index, struct err *err) {
    const struct blob *m = &blob_migrations[index];
    if (!run(pg, (const char *)m->bytes, m->name, err)) {
        return false;
    }
    const char *values[] = {arena_printf(a, "%zu", index + 1), m->name, digest(a, index).ptr};
    AUTO_PGRESULT *res = PQexecParams(pg, bootstrap("record.sql"), 3, NULL, values, NULL, NULL, 0);
    return PQresultStatus(res) == PGRES_COMMAND_OK || db_fail(pg, res, m->name, err);
}

/* One migration in one transaction; *is_done when there is none left. */
static bool step(PGconn *pg, struct arena *a, int *version, bool *is_done, struct err *err) {
    if (!run(pg, "BEGIN", "migrate", err) || !run(pg, bootstrap("lock.sql"), "migrate", err) ||
        !run(pg, bootstrap("create.sql"), "migrate", err) || !read_applied(pg, a, version, err)) {
        return false;
    }
    *is_done = *version == db_schema_version();
    if (!*is_done) {
        if (!apply(pg, a, (size_t)*version, err)) {
            return false;
        }
        ++*version;
    }
    return run(pg, "COMMIT", "migrate", err);
}

static void quiet_notice(void *ctx, const PGresult *res) {
    (void)ctx;
    (void)res;
}

bool db_migrate(const char *conninfo, struct db_migrate_report *report, struct err *err) {
    AUTO_ARENA arena = {0};
    const char *keys[] = {"dbname", "connect_timeout", "application_name", NULL};
    const char *values[] = {conninfo, "5", "laurel migrate", NULL};
    AUTO_PGCONN *pg = PQconnectdbParams(keys, values, 1);
    if (PQstatus(pg) != CONNECTION_OK) {
        struct sv why;
        struct sv rest;
        (void)sv_cut(sv_from(PQerrorMessage(pg)), '\n', &why, &rest);
        return err_because(
            err, ERR_DB, "database",
            "PostgreSQL cannot be reached; check `migrate_database` (or `database`) in the "
            "configuration and that the server runs: %.*s",
            SV_ARG(why));
    }
    (void)PQsetNoticeReceiver(pg, quiet_notice, NULL);
    if (!check_numbering(err)) {
        return false;
    }
    bool is_done = false;
    for (report->before = -1; !is_done;) {
        int before = 0;
        int version = 0;
        if (!step(pg, &arena, &version, &is_done, err)) {
            return false;
        }
        before = is_done ? version : version - 1;
        report->before = report->before < 0 ? before : report->before;
        report->after = version;
    }
    return true;
}

bool db_schema_check(struct db_conn *c, struct err *err) {
    AUTO_PGRESULT *res = PQexec(c->pg, bootstrap("version.sql"));
    int64_t version = 0;
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    bool is_missing = state != NULL && strcmp(state, "42P01") == 0;
    if (PQresultStatus(res) != PGRES_TUPLES_OK && !is_missing) {
        return db_fail(c->pg, res, "schema", err);
    }
    if (!is_missing && !num_parse_i64(sv_from(PQgetvalue(res, 0, 0)), 0, 9999, &version)) {
        return err_set(err, ERR_BUG, "laurel_migration holds no version number");
    }
    if (version < db_schema_version()) {
        return err_because(
            err, ERR_CONFLICT, "schema_older",
            "the database has schema %d and this laurel needs %d: run `laurel migrate`",
            (int)version, db_schema_version());
    }
    if (version > db_schema_version()) {
        return err_because(
            err, ERR_CONFLICT, "schema_newer",
            "the database has schema %d and this laurel knows %d: install the newer release",
            (int)version, db_schema_version());
    }
    return true;
}
