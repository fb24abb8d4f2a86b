#include "base_encode.h"
#include "support_db.h"
#include <pthread.h>

static struct model_launch launch_of(const struct model_registration *r, const char *nonce,
                                     const char *sub) {
    return (struct model_launch){.registration_id = r->id,
                                 .deployment_id = SV("1"),
                                 .nonce = sv_from(nonce),
                                 .expires_at_s = clock_now(&clock_system) / USEC_PER_S + 60,
                                 .sub = sv_from(sub),
                                 .name = SV("Ana O'Hara \"\\ \xF0\x9F\x8F\x85"),
                                 .role = MODEL_ROLE_LEARNER,
                                 .is_learner = true,
                                 .context_id = SV("55"),
                                 .context_title = SV("Lab"),
                                 .resource_link_id = SV("7")};
}

static struct store_launch record_of(const struct model_launch *l, char id[37],
                                     unsigned char browser) {
    struct store_launch out = {.launch = l, .launch_id = id};
    uuid7(clock_now(&clock_system), id);
    random_bytes(out.token_hash, sizeof out.token_hash);
    memset(out.browser_hash, browser, sizeof out.browser_hash);
    return out;
}

static void store_launch_record__opens_a_session_once(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    struct model_launch l = launch_of(&r, "n1", "17");
    char id[37];
    struct store_launch record = record_of(&l, id, 1);
    assert_true(store_launch_record(store, &record, &err));
    struct store_session session;
    assert_true(store_session_get(store, sv_from(id), record.token_hash, &a, &session, &err));
    assert_int_equal(session.role, MODEL_ROLE_LEARNER);
    assert_true(sv_eq(session.course_title, SV("Lab")));
    assert_true(sv_eq(session.person_name, l.name));
    /* the same again, as after a connection that broke behind the commit: no replay */
    assert_true(store_launch_record(store, &record, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM session"), 1);
    /* another launch with the nonce: a replay */
    char other[37];
    struct store_launch replay = record_of(&l, other, 1);
    assert_false(store_launch_record(store, &replay, &err));
    assert_string_equal(err.reason, "nonce");
    assert_int_equal(support_sql("SELECT count(*) FROM session"), 1);
    /* another token does not open it */
    err = (struct err){0};
    assert_false(store_session_get(store, sv_from(id), replay.token_hash, &a, &session, &err));
    assert_string_equal(err.reason, "session");
    store_destroy(store);
}

static void store_launch_record__refuses_an_unknown_deployment_and_writes_nothing(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    struct model_registration s = support_platform(store, &a, "south");
    char id[37];
    struct model_launch rows[3] = {launch_of(&r, "n1", "17"), launch_of(&r, "n2", "17"),
                                   launch_of(&s, "n3", "17")};
    rows[0].deployment_id = SV("2");
    (void)support_sql("UPDATE deployment SET is_active = false WHERE registration_id = "
                      "(SELECT id FROM registration WHERE issuer LIKE '%north%')");
    (void)support_sql("UPDATE registration SET is_enabled = false WHERE issuer LIKE '%south%'");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct store_launch record = record_of(&rows[i], id, 1);
        if (store_launch_record(store, &record, &err) || strcmp(err.reason, "deployment") != 0) {
            fail_msg("row %zu: %s", i, err.reason);
        }
    }
    assert_int_equal(
        support_sql("SELECT (SELECT count(*) FROM session) + (SELECT count(*) FROM person) + "
                    "(SELECT count(*) FROM used_nonce) + (SELECT count(*) FROM context)"),
        0);
    store_destroy(store);
}

struct racer {
    struct store *store;
    struct model_launch launch;
    unsigned char browser;
    bool is_ok;
    struct err err;
};

static void *race(void *ctx) {
    struct racer *r = ctx;
    char id[37];
    struct store_launch record = record_of(&r->launch, id, r->browser);
    r->is_ok = store_launch_record(r->store, &record, &r->err);
    return NULL;
}

static void store_launch_record__lets_one_of_fifty_identical_launches_in(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    static struct racer racers[50];
    pthread_t threads[50];
    struct store *store = support_store(4);
    struct model_registration r = support_platform(store, &a, "north");
    int won = 0;
    for (int i = 0; i < 50; i++) {
        racers[i] =
            (struct racer){.store = store, .launch = launch_of(&r, "same", "17"), .browser = 1};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < 50; i++) {
        (void)pthread_join(threads[i], NULL);
        won += racers[i].is_ok ? 1 : 0;
        if (!racers[i].is_ok) {
            assert_string_equal(racers[i].err.reason, "nonce");
        }
    }
    assert_int_equal(won, 1);
    assert_int_equal(support_sql("SELECT count(*) FROM session"), 1);
    store_destroy(store);
}

static void store_launch_record__takes_many_people_into_few_courses_at_once(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    static struct racer racers[200];
    pthread_t threads[200];
    struct store *store = support_store(4);
    struct model_registration r = support_platform(store, &a, "north");
    for (int i = 0; i < 200; i++) {
        racers[i] = (struct racer){.store = store, .browser = (unsigned char)(i % 250)};
        racers[i].launch =
            launch_of(&r, arena_printf(&a, "n%d", i), arena_printf(&a, "%d", i % 70));
        racers[i].launch.context_id = sv_printf(&a, "c%d", i % 3);
        racers[i].launch.resource_link_id = sv_printf(&a, "l%d", i % 5);
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < 200; i++) {
        (void)pthread_join(threads[i], NULL);
        if (!racers[i].is_ok) {
            fail_msg("launch %d: %s", i, racers[i].err.text);
        }
    }
    assert_int_equal(support_sql("SELECT count(*) FROM session"), 200);
    assert_int_equal(support_sql("SELECT count(*) FROM person"), 70);
    assert_int_equal(support_sql("SELECT count(*) FROM context"), 3);
    store_destroy(store);
}

/* attacks.md E2 */
static void store_launch_record__keeps_platforms_apart(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct store *store = support_store(2);
    struct model_registration platforms[2] = {support_platform(store, &a, "north"),
                                              support_platform(store, &a, "south")};
    char id[37];
    for (int i = 0; i < 2; i++) { /* the same sub, course and nonce at both */
        struct model_launch l = launch_of(&platforms[i], "n1", "17");
        struct store_launch record = record_of(&l, id, (unsigned char)i);
        assert_true(store_launch_record(store, &record, &err));
    }
    assert_int_equal(support_sql("SELECT count(*) FROM person"), 2);
    assert_int_equal(support_sql("SELECT count(*) FROM context"), 2);
    assert_int_equal(support_sql("SELECT count(DISTINCT institution_id) FROM session"), 2);
    store_destroy(store);
}

static void store_launch_record__ends_another_persons_sessions_in_the_same_browser(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    const char *subs[] = {"1", "1", "2"};
    char id[37];
    const int left[] = {1, 2, 1};
    for (int i = 0; i < 3; i++) {
        struct model_launch l = launch_of(&r, arena_printf(&a, "n%d", i), subs[i]);
        struct store_launch record = record_of(&l, id, 9);
        assert_true(store_launch_record(store, &record, &err));
        assert_int_equal(support_sql("SELECT count(*) FROM session"), left[i]);
    }
    store_destroy(store);
}

static void store_launch_record__makes_admins_by_grant_and_by_trust_only(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    const struct {
        const char *setup;
        bool is_lms_admin;
        int role;
    } rows[] = {
        {"SELECT 1", true, MODEL_ROLE_TEACHER},
        {"UPDATE registration SET trusts_admin_role = true", true, MODEL_ROLE_ADMIN},
        {"SELECT 1", false, MODEL_ROLE_TEACHER},
        {"INSERT INTO admin_grant (institution_id, person_id) SELECT institution_id, id FROM "
         "person",
         false, MODEL_ROLE_ADMIN},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct store_session session;
        char id[37];
        (void)support_sql(rows[i].setup);
        struct model_launch l = launch_of(&r, arena_printf(&a, "n%zu", i), "17");
        l.role = MODEL_ROLE_TEACHER;
        l.is_lms_admin = rows[i].is_lms_admin;
        struct store_launch record = record_of(&l, id, 1);
        assert_true(store_launch_record(store, &record, &err));
        assert_true(store_session_get(store, sv_from(id), record.token_hash, &a, &session, &err));
        if ((int)session.role != rows[i].role) {
            fail_msg("row %zu gives role %d", i, session.role);
        }
    }
    store_destroy(store);
}

/* attacks.md E6: rights are those of a launch of the last four hours, and of a platform that is on.
 */
static void store_session_get__ends_after_hours_and_with_its_platform(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    static const struct {
        const char *change;
        bool is_open;
    } rows[] = {
        {"UPDATE session SET expires_at = expires_at - interval '239 minutes'", true},
        {"UPDATE session SET expires_at = expires_at - interval '4 hours'", false},
        {"UPDATE registration SET is_enabled = false", false},
    };
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct store_session session;
        char id[37];
        struct model_launch l = launch_of(&r, arena_printf(&a, "n%zu", i), "17");
        struct store_launch record = record_of(&l, id, 1);
        assert_true(store_launch_record(store, &record, &err));
        (void)support_sql(rows[i].change);
        bool is_open = store_session_get(store, sv_from(id), record.token_hash, &a, &session, &err);
        if (is_open != rows[i].is_open || (!is_open && strcmp(err.reason, "session") != 0)) {
            fail_msg("%s: %s", rows[i].change, is_open ? "open" : err.reason);
        }
    }
    store_destroy(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_launch_record__opens_a_session_once),
        cmocka_unit_test(store_launch_record__refuses_an_unknown_deployment_and_writes_nothing),
        cmocka_unit_test(store_launch_record__lets_one_of_fifty_identical_launches_in),
        cmocka_unit_test(store_launch_record__takes_many_people_into_few_courses_at_once),
        cmocka_unit_test(store_launch_record__keeps_platforms_apart),
        cmocka_unit_test(store_launch_record__ends_another_persons_sessions_in_the_same_browser),
        cmocka_unit_test(store_launch_record__makes_admins_by_grant_and_by_trust_only),
        cmocka_unit_test(store_session_get__ends_after_hours_and_with_its_platform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
