#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf_config.h"
#include <unistd.h>

#define MINIMAL "database = \"dbname=laurel\"; base_url = \"https://badges.example\";"

static bool read_text(const char *text, struct arena *a, struct conf_config *out, struct err *err) {
    char path[] = "/tmp/laurel-conf-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
    bool is_ok = conf_read(path, a, out, err);
    (void)unlink(path);
    return is_ok;
}

static void conf_read__has_defaults_for_all_but_two_keys(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct conf_config c;
    assert_true(read_text(MINIMAL, &a, &c, &err));
    assert_int_equal(c.threads, 32);
    assert_string_equal(c.migrate_database, "dbname=laurel");
    assert_string_equal(c.listen, "unix:/run/laurel/laurel.sock");
    assert_string_equal(c.master_key_file, "/etc/laurel/master.key");
    assert_int_equal(c.log_level, LOG_LEVEL_INFO);
    assert_true(c.is_https);
    assert_true(c.database_connections >= 2);
}

static void conf_read__names_what_is_wrong_and_where(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        {MINIMAL "thread = 4;", "did you mean `threads`"},
        {MINIMAL "\nthreads = \"4\";", "line 2: `threads` must be a whole number"},
        {MINIMAL "threads = 0;", "`threads` must be from 1"},
        {MINIMAL "outbound_allow = \"x\";", "must be a list of texts"},
        {MINIMAL "outbound_allow = [1];", "must be a text"},
        {MINIMAL "log_level = \"loud\";", "`log_level` must be"},
        {"base_url = \"https://b.example\";", "`database` is missing"},
        {"database = \"x\";", "`base_url` must be"},
        {"database = \"x\"; base_url = \"http://b.example\";", "`base_url` must be"},
        {"database = \"x\"; base_url = \"https://b.example/\";", "`base_url` must be"},
        {"database = \"x\"; base_url = \"https://u@b.example\";", "`base_url` must be"},
        {"database = \"x\"; base_url = \"http://127.0.0.1.evil.example\";", "`base_url` must be"},
        {"database = ;", "line 1: syntax error"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct conf_config c;
        if (read_text(rows[i].text, &a, &c, &err)) {
            fail_msg("taken: %s", rows[i].text);
        }
        if (strstr(err.text, rows[i].says) == NULL) {
            fail_msg("%s: \"%s\" does not say \"%s\"", rows[i].text, err.text, rows[i].says);
        }
    }
}

static void conf_read__takes_http_for_loopback_only(void **state) {
    (void)state;
    static const char *const hosts[] = {"http://127.0.0.1:8080", "http://localhost",
                                        "http://[::1]:8080"};
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct conf_config c;
        if (!read_text(arena_printf(&a, "database = \"x\"; base_url = \"%s\";", hosts[i]), &a, &c,
                       &err)) {
            fail_msg("%s", err.text);
        }
        assert_false(c.is_https);
    }
}

static void conf_read__says_that_there_is_no_file(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct conf_config c;
    assert_false(conf_read("/nonexistent/laurel.conf", &a, &c, &err));
    assert_non_null(strstr(err.text, "there is no such file"));
}

/* The commented reference names every key, and nothing else. */
static void the_reference_file__matches_the_code(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct conf_config c;
    const char *path = TEST_SOURCE_DIR "/../conf/laurel.conf";
    if (!conf_read(path, &a, &c, &err)) {
        fail_msg("%s", err.text);
    }
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    static char text[65536];
    size_t n = fread(text, 1, sizeof text - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    for (size_t i = 0; conf_key(i) != NULL; i++) {
        if (strstr(text, arena_printf(&a, "%s =", conf_key(i))) == NULL) {
            fail_msg("conf/laurel.conf does not show `%s`", conf_key(i));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conf_read__has_defaults_for_all_but_two_keys),
        cmocka_unit_test(conf_read__names_what_is_wrong_and_where),
        cmocka_unit_test(conf_read__takes_http_for_loopback_only),
        cmocka_unit_test(conf_read__says_that_there_is_no_file),
        cmocka_unit_test(the_reference_file__matches_the_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
