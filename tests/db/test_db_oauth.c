/* Grants of Canvas's OAuth2 and its live events: who may renew, what a state is worth, what an
 * event moves (attacks.md F16, F18). */
#include "base_encode.h"
#include "seal_key.h"
#include "store_event.h"
#include "store_oauth.h"
#include "store_source.h"
#include "support_db.h"

static const unsigned char MASTER[SEAL_MASTER_BYTES] = {7};

struct place {
    struct seal *seal;
    struct store *store;
    struct arena a;
    int64_t institution, deployment;
};

static struct store *sealed_store(const struct seal *seal) {
    struct err err = {0};
    struct store *store = NULL;
    store_destroy(support_store(2)); /* migrates */
    const struct store_options options = {
        .conninfo = support_app(), .connections = 4, .seal = seal};
    if (!store_create(&options, &store, &err)) {
        fail_msg("%s", err.text);
    }
    return store;
}

static void set_key(struct place *p, const char *client_id, const char *base_url) {
    struct err err = {0};
    const struct store_source source = {.institution_id = p->institution,
                                        .deployment_id = p->deployment,
                                        .kind = SV("canvas"),
                                        .base_url = sv_from(base_url),
                                        .oauth_client_id = sv_from(client_id),
                                        .oauth_secret = SV("secret"),
                                        .oauth_asks_scopes = true};
    if (!store_source_set(p->store, &source, &err)) {
        fail_msg("%s", err.text);
    }
}

static int set_up(void **state) {
    struct place *p = calloc(1, sizeof *p);
    p->seal = seal_open_bytes(MASTER);
    p->store = sealed_store(p->seal);
    (void)support_platform(p->store, &p->a, "north");
    p->institution = support_sql("SELECT institution_id FROM deployment");
    p->deployment = support_sql("SELECT id FROM deployment");
    set_key(p, "7", "https://canvas.example");
    *state = p;
    return 0;
}

static int tear_down(void **state) {
    struct place *p = *state;
    store_destroy(p->store);
    seal_destroy(p->seal);
    arena_release(&p->a);
    free(p);
    return 0;
}

/* A badge admin's session, or somebody's who is none. */
static struct sv session_of(struct place *p, int role, const char *issuers) {
    char *id = arena_alloc(&p->a, 37);
    char sql[512];
    uuid7(clock_now(&clock_system), id);
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO session (launch_id, token_hash, browser_hash, institution_id, "
                   "registration_id, person_id, role, is_learner, issuer_keys, expires_at) VALUES "
                   "('%s', 'x', 'y', %lld, 1, 17, %d, false, '%s', now() + interval '1 hour')",
                   id, (long long)p->institution, role, issuers);
    (void)support_sql(sql);
    return sv_from(id);
}

static bool begin(struct place *p, struct sv launch_id, const char *visit, struct err *err) {
    const struct store_oauth_visit v = {.launch_id = launch_id,
                                        .person_id = 17,
                                        .deployment_id = p->deployment,
                                        .state = sv_from(visit),
                                        .browser = SV("browser")};
    return store_oauth_begin(p->store, &v, err);
}

static bool grant(struct place *p, const char *visit, const char *client_id, struct err *err) {
    struct store_oauth_grant g = {.state = sv_from(visit),
                                  .client_id = sv_from(client_id),
                                  .access = SV("access-1"),
                                  .refresh = SV("refresh-1"),
                                  .user_id = SV("3"),
                                  .user_name = SV("Rosa"),
                                  .lasts_s = 3600};
    return store_oauth_return(p->store, g.state, SV("browser"), &p->a, &g.by, err) &&
           store_oauth_grant(p->store, &g, err);
}

static void must_connect(struct place *p) {
    struct err err = {0};
    if (!begin(p, session_of(p, 4, "{}"), "visit", &err) || !grant(p, "visit", "7", &err)) {
        fail_msg("%s", err.text);
    }
}

static struct store_oauth stored(struct place *p) {
    struct store_oauth o;
    struct err err = {0};
    if (!store_oauth_get(p->store, p->institution, p->deployment, &p->a, &o, &err)) {
        fail_msg("%s", err.text);
    }
    return o;
}

static void grant__is_kept_sealed_with_the_use_of_its_state(void **state) {
    struct place *p = *state;
    struct err err = {0};
    must_connect(p);
    struct store_oauth o = stored(p);
    assert_true(sv_eq(o.secret, SV("secret")) && sv_eq(o.access, SV("access-1")) &&
                sv_eq(o.refresh, SV("refresh-1")) && sv_eq(o.user_name, SV("Rosa")));
    assert_int_equal(support_sql("SELECT count(*) FROM source_oauth WHERE source_oauth::text ~ "
                                 "'6163636573732d31|726566726573682d31|access-1|refresh-1'"),
                     0);
    assert_int_equal(support_sql("SELECT count(*) FROM audit WHERE action = 'source_connected' AND "
                                 "actor_person_id = 17"),
                     1);
    assert_false(grant(p, "visit", "7", &err));
    assert_string_equal(err.reason, "state");
}

/* Sealed for a column of a deployment: one that was moved in the database does not open. */
static void grant__does_not_open_in_another_column(void **state) {
    struct place *p = *state;
    struct err err = {0};
    struct store_oauth o;
    must_connect(p);
    (void)support_sql("UPDATE source_oauth SET access_sealed = refresh_sealed");
    assert_false(store_oauth_get(p->store, p->institution, p->deployment, &p->a, &o, &err));
    assert_string_equal(err.reason, "seal");
}

static void begin__is_for_badge_admins_of_the_whole_institution(void **state) {
    struct place *p = *state;
    static const struct {
        int role;
        const char *issuers;
        bool may;
    } rows[] = {{4, "{}", true}, {4, "{northside}", false}, {3, "{}", false}, {1, "{}", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        if (begin(p, session_of(p, rows[i].role, rows[i].issuers), "v", &err) != rows[i].may) {
            fail_msg("role %d, issuers %s: %s", rows[i].role, rows[i].issuers, err.text);
        }
    }
    struct err err = {0};
    struct sv mine = session_of(p, 4, "{}");
    (void)support_sql("UPDATE session SET institution_id = institution_id + 1");
    assert_false(begin(p, mine, "v", &err)); /* another institution's deployment */
    assert_int_equal(support_sql("SELECT count(*) FROM oauth_state"), 1);
}

static void grant__is_not_kept_for_a_key_that_is_another_by_now(void **state) {
    struct place *p = *state;
    struct err err = {0};
    assert_true(begin(p, session_of(p, 4, "{}"), "visit", &err));
    assert_false(grant(p, "visit", "8", &err));
    assert_string_equal(err.reason, "oauth");
    assert_int_equal(support_sql("SELECT count(*) FROM oauth_state"), 1); /* rolled back whole */
    assert_int_equal(stored(p).refresh.len, 0);
}

static void key__keeps_the_grant_only_where_nothing_but_its_secret_changed(void **state) {
    struct place *p = *state;
    must_connect(p);
    set_key(p, "7", "https://canvas.example");
    assert_true(sv_eq(stored(p).refresh, SV("refresh-1")));
    set_key(p, "7", "https://other.example");
    assert_int_equal(stored(p).refresh.len, 0);
    set_key(p, "7", "https://canvas.example");
    must_connect(p);
    set_key(p, "8", "https://canvas.example");
    assert_int_equal(stored(p).refresh.len, 0);
}

static bool renewed(struct place *p, int64_t lease, const char *token) {
    struct err err = {0};
    bool is_kept = false;
    const struct store_oauth_renewal r = {.institution_id = p->institution,
                                          .deployment_id = p->deployment,
                                          .lease = lease,
                                          .access = sv_from(token),
                                          .lasts_s = 3600};
    if (!store_oauth_renewed(p->store, &r, &is_kept, &err)) {
        fail_msg("%s", err.text);
    }
    return is_kept;
}

static int64_t lease_after(struct place *p, usec_t seen) {
    int64_t lease = 0;
    struct err err = {0};
    if (!store_oauth_lease(p->store, p->institution, p->deployment, seen, &lease, &err)) {
        fail_msg("%s", err.text);
    }
    return lease;
}

static int64_t lease_of(struct place *p) { return lease_after(p, stored(p).access_until); }

static void lease__is_one_at_a_time_and_ends_by_itself(void **state) {
    struct place *p = *state;
    assert_int_equal(lease_of(p), 0); /* nothing to renew */
    must_connect(p);
    int64_t first = lease_of(p);
    assert_true(first != 0);
    assert_int_equal(lease_of(p), 0);
    (void)support_sql("UPDATE source_oauth SET renewing_until = now() - interval '1 second'");
    int64_t second = lease_of(p);
    assert_true(second != 0);
    assert_false(renewed(p, first, "late")); /* whoever was thought dead comes too late */
    assert_true(renewed(p, second, "access-2"));
    assert_true(sv_eq(stored(p).access, SV("access-2")) &&
                sv_eq(stored(p).refresh, SV("refresh-1")));
    assert_true(lease_of(p) != 0);
}

static void lease__is_not_for_whoever_saw_an_older_token(void **state) {
    struct place *p = *state;
    must_connect(p);
    usec_t seen = stored(p).access_until;
    assert_true(renewed(p, lease_of(p), "access-2"));
    assert_int_equal(lease_after(p, seen), 0);
    assert_true(lease_of(p) != 0);
}

static void renewal__loses_against_a_grant_that_was_taken_back_or_given_anew(void **state) {
    struct place *p = *state;
    struct err err = {0};
    must_connect(p);
    int64_t lease = lease_of(p);
    assert_true(store_oauth_wipe(p->store, p->institution, p->deployment, 0, &err));
    assert_false(renewed(p, lease, "zombie"));
    assert_int_equal(stored(p).access.len + stored(p).refresh.len, 0);
    must_connect(p);
    lease = lease_of(p);
    must_connect(p);
    assert_false(renewed(p, lease, "zombie"));
    assert_true(sv_eq(stored(p).access, SV("access-1")));
}

static void refusal__ends_the_asking_until_somebody_connects(void **state) {
    struct place *p = *state;
    struct err err = {0};
    must_connect(p);
    int64_t lease = lease_of(p);
    assert_true(store_oauth_lease_end(p->store, p->institution, p->deployment, lease,
                                      SV("Canvas says no"), &err));
    assert_true(sv_eq(stored(p).refused, SV("Canvas says no")) && stored(p).access.len == 0);
    assert_int_equal(lease_of(p), 0);
    must_connect(p);
    assert_int_equal(stored(p).refused.len, 0);
    assert_true(lease_of(p) != 0);
}

/* --- events */

static struct sv feed_of(struct place *p) {
    struct err err = {0};
    char *id = arena_alloc(&p->a, 37);
    uuid7(clock_now(&clock_system), id);
    struct store_event_feed feed = {.id = sv_from(id),
                                    .institution_id = p->institution,
                                    .deployment_id = p->deployment,
                                    .root_account_uuid = SV("account"),
                                    .jwks_url = SV("https://keys.example")};
    if (!store_event_feed_set(p->store, &feed, &p->a, &err)) {
        fail_msg("%s", err.text);
    }
    return feed.id;
}

static const char *take(struct place *p, struct sv feed, const char *digest, const char *ref) {
    struct err err = {0};
    enum store_event_verdict verdict = STORE_EVENT_FEED;
    struct sv refs = sv_from(ref);
    const struct store_event e = {
        .feed_id = feed, .digest = sv_from(digest), .course_refs = &refs, .course_ref_count = 1};
    if (!store_event_take(p->store, &e, &verdict, &err)) {
        fail_msg("%s", err.text);
    }
    return store_event_word(verdict);
}

static void event__asks_for_the_course_of_its_deployment_only(void **state) {
    struct place *p = *state;
    struct sv feed = feed_of(p);
    char sql[512];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO context (institution_id, deployment_id, context_id, source_ref) "
                   "VALUES (%lld, %lld, 'ours', '55'), (%lld, %lld, 'next door', '55'), "
                   "(%lld, %lld, 'elsewhere', '55'), (%lld, %lld, 'unread', '')",
                   (long long)p->institution, (long long)p->deployment, (long long)p->institution,
                   (long long)p->deployment + 1000, (long long)p->institution + 1000,
                   (long long)p->deployment, (long long)p->institution, (long long)p->deployment);
    (void)support_sql(sql);
    assert_string_equal(take(p, feed, "d1", "55"), "hint");
    assert_int_equal(
        support_sql("SELECT count(*) FROM context WHERE sync_requested_at IS NOT NULL"), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE context_id = 'ours' AND "
                                 "sync_requested_at > now() - interval '1 minute'"),
                     1);
    assert_string_equal(take(p, feed, "d1", "55"), "again");
    assert_string_equal(take(p, feed, "d2", "56"), "unknown");
    assert_string_equal(take(p, feed, "d3", ""), "unknown"); /* not the course without a name */
    assert_string_equal(take(p, feed, "", "55"), "ignored");
    assert_int_equal(support_sql("SELECT count(*) FROM event_seen"), 3);
    /* A reading has begun since: what comes now may not be in it. */
    (void)support_sql("UPDATE context SET sync_requested_at = now() - interval '2 seconds', "
                      "sync_started_at = now() - interval '1 second'");
    assert_string_equal(take(p, feed, "d4", "55"), "hint");
    assert_int_equal(support_sql("SELECT count(*) FROM context WHERE sync_requested_at > "
                                 "sync_started_at"),
                     1);
    (void)support_sql("UPDATE deployment SET is_active = false");
    assert_string_equal(take(p, feed, "d5", "55"), "feed");
}

static void event__is_limited_by_the_minute(void **state) {
    struct place *p = *state;
    struct sv feed = feed_of(p);
    (void)support_sql("UPDATE event_feed SET minute = now(), in_minute = 5999");
    assert_string_equal(take(p, feed, "d1", "1"), "unknown");
    assert_string_equal(take(p, feed, "d2", "1"), "limit");
    assert_int_equal(support_sql("SELECT count(*) FROM event_seen"), 1);
    (void)support_sql("UPDATE event_feed SET minute = now() - interval '1 minute'");
    assert_string_equal(take(p, feed, "d2", "1"), "unknown");
    assert_int_equal(support_sql("SELECT in_minute FROM event_feed"), 1);
}

static void feed__keeps_its_address_and_one_note_a_reason(void **state) {
    struct place *p = *state;
    struct err err = {0};
    struct store_event_feed f;
    struct sv id = feed_of(p);
    for (int i = 0; i < 3; i++) {
        assert_true(store_event_refused(p->store, id, SV("unsigned"), SV("Not signed."), &err));
    }
    assert_true(store_event_refused(p->store, id, SV("kid"), SV("No such key."), &err));
    assert_int_equal(
        support_sql("SELECT count(*) FROM event_feed, jsonb_object_keys(event_feed.refused)"), 2);
    assert_true(store_event_feed_of(p->store, p->institution, p->deployment, &p->a, &f, &err));
    assert_true(sv_eq(f.id, id) && sv_eq(f.refused_reason, SV("kid")));
    assert_true(sv_eq(feed_of(p), id));
    bool was_there = false;
    assert_true(store_event_feed_drop(p->store, p->institution, p->deployment, &was_there, &err) &&
                was_there);
    assert_false(store_event_feed_get(p->store, id, &p->a, &f, &err));
}

static void purge__forgets_states_and_events_that_are_over(void **state) {
    struct place *p = *state;
    struct err err = {0};
    struct sv feed = feed_of(p);
    (void)take(p, feed, "old", "1");
    (void)support_sql("UPDATE event_seen SET seen_at = now() - interval '49 hours'");
    (void)take(p, feed, "new", "1");
    assert_true(begin(p, session_of(p, 4, "{}"), "visit", &err));
    (void)support_sql("UPDATE oauth_state SET expires_at = now() - interval '1 second'");
    assert_true(store_purge(p->store, &err));
    assert_int_equal(support_sql("SELECT count(*) FROM event_seen"), 1);
    assert_int_equal(support_sql("SELECT count(*) FROM oauth_state"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(grant__is_kept_sealed_with_the_use_of_its_state),
        TEST(grant__does_not_open_in_another_column),
        TEST(begin__is_for_badge_admins_of_the_whole_institution),
        TEST(grant__is_not_kept_for_a_key_that_is_another_by_now),
        TEST(key__keeps_the_grant_only_where_nothing_but_its_secret_changed),
        TEST(lease__is_one_at_a_time_and_ends_by_itself),
        TEST(lease__is_not_for_whoever_saw_an_older_token),
        TEST(renewal__loses_against_a_grant_that_was_taken_back_or_given_anew),
        TEST(refusal__ends_the_asking_until_somebody_connects),
        TEST(event__asks_for_the_course_of_its_deployment_only),
        TEST(event__is_limited_by_the_minute),
        TEST(feed__keeps_its_address_and_one_note_a_reason),
        TEST(purge__forgets_states_and_events_that_are_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
