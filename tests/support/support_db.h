/* A migrated, empty test database, and a platform in it. The suite's runner starts a private
 * PostgreSQL and names the database in LAUREL_TEST_DATABASE (as its owner) and
 * LAUREL_TEST_APP_DATABASE (as laurel_app). */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db_migrate.h"
#include "store_launch.h"
#include "store_registration.h"
#include <libpq-fe.h>
#include <string.h>

static inline const char *support_owner(void) { return getenv("LAUREL_TEST_DATABASE"); }
static inline const char *support_app(void) { return getenv("LAUREL_TEST_APP_DATABASE"); }

/* Run SQL as the owner (who sees every row); the first column of the first row as a number. */
static inline long long support_sql(const char *sql) {
    PGconn *pg = PQconnectdb(support_owner());
    PGresult *res = PQexec(pg, sql);
    ExecStatusType status = PQresultStatus(res);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(pg));
    }
    long long n = status == PGRES_TUPLES_OK && PQntuples(res) > 0
                      ? strtoll(PQgetvalue(res, 0, 0), NULL, 10)
                      : 0;
    PQclear(res);
    PQfinish(pg);
    return n;
}

static inline void support_empty_database(void) {
    if (support_owner() == NULL || support_app() == NULL) {
        fail_msg("LAUREL_TEST_DATABASE and LAUREL_TEST_APP_DATABASE are not set: use tests/run.sh");
    }
    (void)support_sql(
        "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public; "
        "GRANT USAGE ON SCHEMA public TO PUBLIC");
}

static inline struct store *support_store(int connections) {
    struct err err = {0};
    struct db_migrate_report report;
    struct store *store = NULL;
    support_empty_database();
    if (!db_migrate(support_owner(), &report, &err)) {
        fail_msg("%s", err.text);
    }
    const struct store_options options = {.conninfo = support_app(), .connections = connections};
    if (!store_create(&options, &store, &err)) {
        fail_msg("%s", err.text);
    }
    return store;
}

/* Registers https://NAME.example with deployment "1" for the institution NAME. */
static inline struct model_registration support_platform(struct store *store, struct arena *a,
                                                         const char *name) {
    struct err err = {0};
    struct model_registration out = {0};
    bool is_new = false;
    struct sv deployment = SV("1");
    const struct store_platform_new platform = {
        .registration = {.issuer = sv_printf(a, "https://%s.example", name),
                         .client_id = SV("client"),
                         .auth_url = sv_printf(a, "https://%s.example/auth", name),
                         .token_url = sv_printf(a, "https://%s.example/token", name),
                         .jwks_url = sv_printf(a, "https://%s.example/jwks", name)},
        .institution = sv_from(name),
        .deployment_ids = &deployment,
        .deployment_count = 1};
    if (!store_platform_add(store, &platform, a, &out, &is_new, &err)) {
        fail_msg("%s", err.text);
    }
    return out;
}
