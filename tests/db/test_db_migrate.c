#include "support_db.h"
#include <pthread.h>
#include <stdlib.h>

static void db_migrate__is_safe_to_run_twice(void **state) {
    (void)state;
    struct err err = {0};
    struct db_migrate_report report = {0};
    support_empty_database();
    assert_true(db_migrate(support_owner(), &report, &err));
    assert_int_equal(report.before, 0);
    assert_int_equal(report.after, db_schema_version());
    assert_true(db_migrate(support_owner(), &report, &err));
    assert_int_equal(report.before, db_schema_version());
}

static void *migrate(void *ctx) {
    struct err err = {0};
    struct db_migrate_report report = {0};
    bool *is_ok = ctx;
    *is_ok = db_migrate(support_owner(), &report, &err);
    return NULL;
}

static void db_migrate__is_safe_from_several_machines_at_once(void **state) {
    (void)state;
    pthread_t threads[6];
    bool is_ok[6] = {0};
    support_empty_database();
    for (int i = 0; i < 6; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, migrate, &is_ok[i]), 0);
    }
    for (int i = 0; i < 6; i++) {
        (void)pthread_join(threads[i], NULL);
        assert_true(is_ok[i]);
    }
    assert_int_equal(support_sql("SELECT count(*) FROM laurel_migration"), db_schema_version());
}

static void db_migrate__refuses_a_newer_and_an_altered_schema(void **state) {
    (void)state;
    struct err err = {0};
    struct db_migrate_report report = {0};
    support_empty_database();
    assert_true(db_migrate(support_owner(), &report, &err));
    (void)support_sql(
        "INSERT INTO laurel_migration (version, name, sha256) VALUES (9999, 'later.sql', 'x')");
    assert_false(db_migrate(support_owner(), &report, &err));
    assert_string_equal(err.reason, "schema_newer");
    (void)support_sql("DELETE FROM laurel_migration WHERE version = 9999");
    (void)support_sql("UPDATE laurel_migration SET sha256 = 'x' WHERE version = 1");
    err = (struct err){0};
    assert_false(db_migrate(support_owner(), &report, &err));
    assert_string_equal(err.reason, "schema_altered");
}

static void db_migrate__says_that_the_database_cannot_be_reached(void **state) {
    (void)state;
    struct err err = {0};
    struct db_migrate_report report = {0};
    assert_false(db_migrate("host=/nonexistent dbname=none", &report, &err));
    assert_int_equal(err.code, ERR_DB);
    assert_string_equal(err.reason, "database");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(db_migrate__is_safe_to_run_twice),
        cmocka_unit_test(db_migrate__is_safe_from_several_machines_at_once),
        cmocka_unit_test(db_migrate__refuses_a_newer_and_an_altered_schema),
        cmocka_unit_test(db_migrate__says_that_the_database_cannot_be_reached),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
