/* What some launches bring besides, parked deployments, course copies and people of LTI 1.1. */
#include "base_encode.h"
#include "support_db.h"

static struct model_launch launch_of(const struct model_registration *r, const char *nonce,
                                     const char *sub, const char *course) {
    return (struct model_launch){.registration_id = r->id,
                                 .deployment_id = SV("1"),
                                 .nonce = sv_from(nonce),
                                 .expires_at_s = clock_now(&clock_system) / USEC_PER_S + 60,
                                 .sub = sv_from(sub),
                                 .role = MODEL_ROLE_TEACHER,
                                 .context_id = sv_from(course),
                                 .context_title = SV("Lab"),
                                 .resource_link_id = SV("7")};
}

/* Launches with these extras; the launch id stays in `id`. */
static bool enter(struct store *store, const struct model_launch *l, const char *extras,
                  char id[37], struct err *err) {
    struct store_launch record = {.launch = l, .launch_id = id, .extras = sv_from(extras)};
    uuid7(clock_now(&clock_system), id);
    random_bytes(record.token_hash, sizeof record.token_hash);
    memset(record.browser_hash, 1, sizeof record.browser_hash);
    return store_launch_record(store, &record, err);
}

static void must_enter(struct store *store, const struct model_launch *l, const char *extras) {
    struct err err = {0};
    char id[37];
    if (!enter(store, l, extras, id, &err)) {
        fail_msg("%s", err.text);
    }
}

static const char *const DEEP_LINK =
    "{\"deployment_id\":\"1\",\"product\":\"canvas\",\"storage\":true,\"deep_link\":"
    "{\"return_url\":\"https://north.example/back?x=1\",\"settings\":{\"data\":\"d\"}}}";

static void extras__are_saved_with_the_launch_and_not_without_it(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    struct model_launch l = launch_of(&r, "n1", "17", "55");
    char id[37];
    char other[37];
    assert_true(enter(store, &l, DEEP_LINK, id, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM deep_link WHERE used_at IS NULL AND "
                                 "settings->>'data' = 'd'"),
                     1);
    assert_int_equal(support_sql("SELECT count(*) FROM registration WHERE product = 'canvas' AND "
                                 "offers_storage"),
                     1);
    struct store_session_origins origins;
    assert_true(store_session_origins(store, sv_from(id), &a, &origins, &err));
    assert_true(sv_eq(origins.issuer, r.issuer));
    assert_true(sv_eq(origins.return_url, SV("https://north.example/back?x=1")));
    /* a replay of the nonce brings its extras in vain */
    assert_false(enter(store, &l, DEEP_LINK, other, &err));
    assert_string_equal(err.reason, "nonce");
    assert_int_equal(support_sql("SELECT count(*) FROM deep_link"), 1);
    err = (struct err){0};
    assert_true(store_session_origins(store, sv_from(other), &a, &origins, &err));
    assert_int_equal(origins.issuer.len, 0);
    store_destroy(store);
}

static void notices__queue_one_job_for_each_new_address(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    struct model_launch one = launch_of(&r, "n1", "17", "55");
    struct model_launch two = launch_of(&r, "n2", "17", "55");
    const char *extras =
        "{\"deployment_id\":\"1\",\"notices\":{\"url\":\"https://north.example/n\","
        "\"types\":\"LtiContextCopyNotice\"}}";
    must_enter(store, &one, extras);
    must_enter(store, &two, extras);
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'notices'"), 1);
    assert_int_equal(support_sql("DELETE FROM job"), 0);
    struct model_launch three = launch_of(&r, "n3", "17", "55");
    must_enter(store, &three, extras); /* told before: nothing to do */
    assert_int_equal(support_sql("SELECT count(*) FROM job WHERE kind = 'notices'"), 0);
    store_destroy(store);
}

/* A badge that can be earned in the course that the platform calls `course`. */
static void map_badge(const char *course) {
    char sql[1024];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO badge_course (institution_id, badge_id, context_id) SELECT "
                   "institution_id, 900, id FROM context WHERE context_id = '%s'",
                   course);
    (void)support_sql(sql);
}

/* attacks.md E8 */
static void history__proposes_the_nearest_course_with_badges_of_the_same_deployment(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    struct model_registration s = support_platform(store, &a, "south");
    struct model_launch old = launch_of(&r, "n1", "17", "oldest");
    struct model_launch empty = launch_of(&r, "n2", "17", "without-badges");
    struct model_launch foreign = launch_of(&s, "n3", "17", "foreign");
    must_enter(store, &old, "");
    must_enter(store, &empty, "");
    must_enter(store, &foreign, "");
    map_badge("oldest");
    map_badge("foreign");
    struct model_launch copy = launch_of(&r, "n4", "17", "copy");
    must_enter(store, &copy,
               "{\"deployment_id\":\"1\",\"history\":[\"foreign\",\"without-badges\",\"copy\","
               "\"oldest\"]}");
    assert_int_equal(support_sql("SELECT count(*) FROM course_copy"), 1);
    assert_int_equal(
        support_sql("SELECT count(*) FROM course_copy y JOIN context o ON o.id = y.origin_id JOIN "
                    "context c ON c.id = y.context_id WHERE o.context_id = 'oldest' AND "
                    "c.context_id = 'copy' AND y.state = 'proposed'"),
        1);
    /* nothing can be earned there before somebody confirms */
    assert_int_equal(support_sql("SELECT count(*) FROM badge_course m JOIN context c ON c.id = "
                                 "m.context_id WHERE c.context_id = 'copy'"),
                     0);
    store_destroy(store);
}

static void an_unknown_deployment__is_parked_as_a_note_and_joins_only_by_policy(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    enum store_parking parking = STORE_PARKING_APPROVED;
    assert_true(store_deployment_park(store, r.id, SV("new"), SV("Physics"), &parking, &err));
    assert_true(store_deployment_park(store, r.id, SV("new"), SV("Physics"), &parking, &err));
    assert_int_equal(parking, STORE_PARKING_WAITS);
    assert_int_equal(support_sql("SELECT count(*) FROM deployment"), 1);
    assert_int_equal(support_sql("SELECT (parked->'new'->>'count')::int FROM registration"), 2);
    for (int i = 0; i < 60; i++) {
        assert_true(store_deployment_park(store, r.id, sv_printf(&a, "flood%d", i), SV(""),
                                          &parking, &err));
    }
    assert_int_equal(support_sql("SELECT count(*) FROM registration, jsonb_object_keys(parked)"),
                     50);
    /* the policy needs a school to join */
    (void)support_sql("UPDATE registration SET approves_deployments = true");
    assert_true(store_deployment_park(store, r.id, SV("new"), SV(""), &parking, &err));
    assert_int_equal(parking, STORE_PARKING_WAITS);
    (void)support_sql("UPDATE registration SET institution_id = (SELECT id FROM institution)");
    assert_true(store_deployment_park(store, r.id, SV("new"), SV(""), &parking, &err));
    assert_int_equal(parking, STORE_PARKING_APPROVED);
    assert_int_equal(support_sql("SELECT count(*) FROM deployment WHERE deployment_id = 'new' AND "
                                 "is_active"),
                     1);
    /* one that was switched off here stays off */
    (void)support_sql("UPDATE deployment SET is_active = false WHERE deployment_id = 'new'");
    assert_true(store_deployment_park(store, r.id, SV("new"), SV(""), &parking, &err));
    assert_int_equal(parking, STORE_PARKING_INACTIVE);
    store_destroy(store);
}

static const char *const LEGACY = "{\"deployment_id\":\"1\",\"legacy\":{\"consumer_key\":\"K\","
                                  "\"user_id\":\"u1\",\"resource_link_id\":\"l1\"}}";

static void give_legacy_award(void) {
    (void)support_sql(
        "INSERT INTO person (institution_id, registration_id, sub) SELECT institution_id, "
        "registration_id, 'lti1p1:K:u1' FROM deployment");
    (void)support_sql(
        "INSERT INTO award (institution_id, badge_id, person_id, rule_version, state, reasons) "
        "SELECT institution_id, 900, id, 1, 2, '{}' FROM person WHERE sub = 'lti1p1:K:u1'");
}

static void a_legacy_claim__renames_the_person_who_is_known_from_before(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    give_legacy_award();
    struct model_launch l = launch_of(&r, "n1", "new-sub", "55");
    must_enter(store, &l, LEGACY);
    assert_int_equal(support_sql("SELECT count(*) FROM person"), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM award a JOIN person p ON p.id = a.person_id "
                                 "WHERE p.sub = 'new-sub' AND a.state = 2"),
                     1);
    store_destroy(store);
}

static void a_legacy_claim__brings_the_awards_to_whoever_has_launched_already(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    struct model_launch first = launch_of(&r, "n1", "new-sub", "55");
    must_enter(store, &first, "");
    give_legacy_award();
    struct model_launch second = launch_of(&r, "n2", "new-sub", "55");
    must_enter(store, &second, LEGACY);
    assert_int_equal(support_sql("SELECT count(*) FROM award a JOIN person p ON p.id = a.person_id "
                                 "WHERE p.sub = 'new-sub'"),
                     1);
    store_destroy(store);
}

static void a_legacy_claim_of_a_replayed_launch__changes_nothing(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    char id[37];
    struct store *store = support_store(2);
    struct model_registration r = support_platform(store, &a, "north");
    struct model_launch first = launch_of(&r, "n1", "new-sub", "55");
    must_enter(store, &first, "");
    give_legacy_award();
    assert_false(enter(store, &first, LEGACY, id, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM award a JOIN person p ON p.id = a.person_id "
                                 "WHERE p.sub = 'lti1p1:K:u1'"),
                     1);
    store_destroy(store);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extras__are_saved_with_the_launch_and_not_without_it),
        cmocka_unit_test(notices__queue_one_job_for_each_new_address),
        cmocka_unit_test(history__proposes_the_nearest_course_with_badges_of_the_same_deployment),
        cmocka_unit_test(an_unknown_deployment__is_parked_as_a_note_and_joins_only_by_policy),
        cmocka_unit_test(a_legacy_claim__renames_the_person_who_is_known_from_before),
        cmocka_unit_test(a_legacy_claim__brings_the_awards_to_whoever_has_launched_already),
        cmocka_unit_test(a_legacy_claim_of_a_replayed_launch__changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
