/* Every statement of sql/query is prepared against the migrated schema with its declared types, and
 * the columns it gives are those it declares. */
#include "base_blob.h"
#include "support_db.h"

extern const struct blob blob_queries[];
extern const size_t blob_queries_count;

static const struct {
    const char *name;
    Oid oid;
} TYPES[] = {{"int8", 20},          {"bool", 16},           {"text", 25},     {"bytea", 17},
             {"timestamptz", 1184}, {"int8[]", 1016},       {"bool[]", 1000}, {"text[]", 1009},
             {"bytea[]", 1001},     {"timestamptz[]", 1185}};

static int declared(struct sv list, Oid *types) {
    int n = 0;
    for (list = sv_trim(list); list.len > 0; n++) {
        struct sv one;
        struct sv name;
        struct sv type;
        (void)sv_cut(list, ',', &one, &list);
        (void)sv_cut(sv_trim(one), ' ', &name, &type);
        for (size_t i = 0; types != NULL && i < ARRAY_LEN(TYPES); i++) {
            if (sv_eq(sv_trim(type), sv_from(TYPES[i].name))) {
                types[n] = TYPES[i].oid;
            }
        }
    }
    return n;
}

static void every_query__prepares_and_gives_the_columns_it_declares(void **state) {
    (void)state;
    struct err err = {0};
    struct db_migrate_report report;
    support_empty_database();
    assert_true(db_migrate(support_owner(), &report, &err));
    PGconn *pg = PQconnectdb(support_app());
    for (size_t i = 0; i < blob_queries_count; i++) {
        struct sv line;
        struct sv sql;
        struct sv in;
        struct sv out = {0};
        Oid types[64] = {0};
        (void)sv_cut(blob_sv(&blob_queries[i]), '\n', &line, &sql);
        in = sv_skip(line, 3);
        for (size_t at = 0; at + 1 < line.len; at++) {
            if (line.ptr[at] == '-' && line.ptr[at + 1] == '>') {
                in = at > 3 ? sv_of(line.ptr + 3, at - 3) : sv_of(NULL, 0);
                out = sv_skip(line, at + 2);
            }
        }
        int n = declared(in, types);
        PGresult *res =
            PQprepare(pg, blob_queries[i].name, (const char *)blob_queries[i].bytes, n, types);
        if (PQresultStatus(res) != PGRES_COMMAND_OK) {
            fail_msg("%s: %s", blob_queries[i].name, PQerrorMessage(pg));
        }
        PQclear(res);
        res = PQdescribePrepared(pg, blob_queries[i].name);
        int want = declared(out, NULL);
        /* job_add gives pg_notify's empty column, which nobody reads. */
        if (PQnfields(res) != want && strcmp(blob_queries[i].name, "job_add.sql") != 0) {
            fail_msg("%s declares %d columns and gives %d", blob_queries[i].name, want,
                     PQnfields(res));
        }
        if (PQnparams(res) != n) {
            fail_msg("%s declares %d arguments and takes %d", blob_queries[i].name, n,
                     PQnparams(res));
        }
        PQclear(res);
    }
    PQfinish(pg);
}

static long long count_as_app(const char *institution, const char *table) {
    char sql[256];
    PGconn *pg = PQconnectdb(support_app());
    (void)snprintf(sql, sizeof sql,
                   "BEGIN; SET LOCAL laurel.institution = '%s'; SELECT count(*) FROM %s",
                   institution, table);
    PGresult *res = PQexec(pg, institution[0] == '\0'
                                   ? sql + strlen("BEGIN; SET LOCAL laurel.institution = ''; ")
                                   : sql);
    assert_int_equal(PQresultStatus(res), PGRES_TUPLES_OK);
    long long n = strtoll(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);
    PQfinish(pg);
    return n;
}

/* attacks.md E10: the second lock, whatever a statement forgets */
static void tenant_tables__show_no_row_without_the_institution(void **state) {
    (void)state;
    struct err err = {0};
    struct db_migrate_report report;
    support_empty_database();
    assert_true(db_migrate(support_owner(), &report, &err));
    (void)support_sql("INSERT INTO person (institution_id, registration_id, sub) VALUES (1, 1, "
                      "'a'), (2, 1, 'b'), (2, 1, 'c')");
    assert_int_equal(count_as_app("", "person"), 0);
    assert_int_equal(count_as_app("1", "person"), 1);
    assert_int_equal(count_as_app("2", "person"), 2);
    assert_int_equal(
        support_sql(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'institution_id' "
            "WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT c.relrowsecurity "
            "AND c.relname NOT IN ('deployment', 'session', 'job', 'registration', 'invite', "
            "'oauth_state', 'event_feed', 'wallet_offer')"),
        0);
}

static void laurel_app__may_not_change_the_schema_or_the_audit(void **state) {
    (void)state;
    static const char *const statements[] = {"CREATE TABLE evil (id int)", "DROP TABLE person",
                                             "DELETE FROM audit", "UPDATE audit SET action = 'x'",
                                             "UPDATE laurel_migration SET version = 0"};
    PGconn *pg = PQconnectdb(support_app());
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        PGresult *res = PQexec(pg, statements[i]);
        const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);
        if (code == NULL || strcmp(code, "42501") != 0) {
            fail_msg("laurel_app may: %s", statements[i]);
        }
        PQclear(res);
    }
    PQfinish(pg);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_query__prepares_and_gives_the_columns_it_declares),
        cmocka_unit_test(tenant_tables__show_no_row_without_the_institution),
        cmocka_unit_test(laurel_app__may_not_change_the_schema_or_the_audit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
