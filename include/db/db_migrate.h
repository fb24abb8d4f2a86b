/* Bringing a database to this binary's schema, and checking that it is there.
 *
 * Migrations are the numbered files of sql/migrate, embedded. Each runs in one transaction, under
 * an advisory lock, and leaves its number and SHA-256 in laurel_migration; so running twice, or
 * from two machines at once, is safe. */
#pragma once
#include "base_err.h"
#include <stddef.h>

struct db_migrate_report {
    int before, after; /* schema versions */
};

/* Fails: ERR_DB unreachable; ERR_CONFLICT reason "schema_newer" (the database is of a newer
 * release) or "schema_altered" (an applied migration is not the one embedded here). */
NODISCARD bool db_migrate(const char *conninfo, struct db_migrate_report *report, struct err *err);

struct db_conn;
/* True when the database has exactly this binary's version. Fails: ERR_CONFLICT "schema_older" or
 * "schema_newer" with what to do. */
NODISCARD bool db_schema_check(struct db_conn *conn, struct err *err);
int db_schema_version(void); /* of this binary */
