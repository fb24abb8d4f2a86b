#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lti_keyset.h"
#include "support_launch.h"
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define NOW (INT64_C(1760000000) * USEC_PER_S)
#define S USEC_PER_S
#define URL SV("https://lms.example/jwks")

/* A platform that serves one key set, counts the calls, and can fail or be held up. */
struct platform {
    struct arena a;
    struct jose_key *keys[3];
    struct sv body;
    struct sv expected_url;
    int64_t max_age_s;
    atomic_int calls;
    atomic_int reads;
    bool is_down;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_held, is_inside;
};

static bool fetch(void *ctx, struct sv url, struct arena *a, struct sv *body, int64_t *max_age_s,
                  struct err *err) {
    struct platform *p = ctx;
    (void)a;
    atomic_fetch_add(&p->calls, 1);
    (void)pthread_mutex_lock(&p->lock);
    p->is_inside = true;
    (void)pthread_cond_broadcast(&p->changed);
    while (p->is_held) {
        (void)pthread_cond_wait(&p->changed, &p->lock);
    }
    p->is_inside = false;
    (void)pthread_mutex_unlock(&p->lock);
    if (p->is_down || (p->expected_url.len > 0 && !sv_eq(url, p->expected_url))) {
        return err_because(err, ERR_UPSTREAM, "timeout", "the platform did not answer");
    }
    *body = p->body;
    *max_age_s = p->max_age_s;
    return true;
}

static void on_read(void *ctx, int64_t registration_id, const struct jose_keyset *set) {
    struct platform *p = ctx;
    (void)registration_id;
    (void)set;
    atomic_fetch_add(&p->reads, 1);
}

static struct jose_key *keys_once[3];

static int make_keys(void **state) {
    (void)state;
    keys_once[0] = launch_key("k1");
    keys_once[1] = launch_key("k2");
    keys_once[2] = launch_key("k1"); /* another platform's key by the same name */
    return 0;
}

static int drop_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        jose_key_unref(keys_once[i]);
    }
    return 0;
}

static void serve(struct platform *p, struct jose_key *const *keys, size_t count) {
    p->body = launch_jwks(&p->a, keys, count);
}

struct fixture {
    struct platform p;
    struct lti_keysets *sets;
};

static void start(struct fixture *f, int waiters_max) {
    *f = (struct fixture){.p.max_age_s = -1};
    arena_init(&f->p.a);
    (void)pthread_mutex_init(&f->p.lock, NULL);
    (void)pthread_cond_init(&f->p.changed, NULL);
    serve(&f->p, &keys_once[0], 1);
    f->sets = lti_keysets_create(&(struct lti_keysets_config){
        .fetch = fetch, .on_read = on_read, .ctx = &f->p, .waiters_max = waiters_max});
}

static void stop(struct fixture *f) {
    lti_keysets_destroy(f->sets);
    (void)pthread_cond_destroy(&f->p.changed);
    (void)pthread_mutex_destroy(&f->p.lock);
    arena_release(&f->p.a);
}

static const char *find(struct fixture *f, int64_t registration, const char *kid, usec_t now) {
    static _Thread_local struct err err;
    struct jose_key *key = NULL;
    err = (struct err){0};
    if (lti_keysets_find(f->sets, registration, URL, sv_from(kid), now, &key, &err)) {
        assert_true(sv_eq(jose_key_kid(key), sv_from(kid)));
        jose_key_unref(key);
        return "";
    }
    return err.reason;
}

static void lti_keysets_find__fetches_once_while_the_set_is_fresh(void **state) {
    (void)state;
    struct fixture f;
    start(&f, 0);
    for (int i = 0; i < 100; i++) {
        assert_string_equal(find(&f, 7, "k1", NOW + (usec_t)i * 30 * S), "");
    }
    assert_int_equal(f.p.calls, 1);
    assert_int_equal(f.p.reads, 1);
    stop(&f);
}

static void lti_keysets_find__obeys_max_age_within_bounds(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int64_t max_age_s, fresh_s;
    } rows[] = {{"not said: an hour", -1, 3600}, {"0: five minutes", 0, 300},
                {"299: five minutes", 299, 300}, {"301", 301, 301},
                {"a day", 86400, 86400},         {"ten days: one day", 864000, 86400}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        struct fixture f;
        start(&f, 0);
        f.p.max_age_s = rows[i].max_age_s;
        assert_string_equal(find(&f, 7, "k1", NOW), "");
        assert_string_equal(find(&f, 7, "k1", NOW + rows[i].fresh_s * S - 1), "");
        assert_int_equal(f.p.calls, 1);
        assert_string_equal(find(&f, 7, "k1", NOW + rows[i].fresh_s * S), "");
        assert_int_equal(f.p.calls, 2);
        stop(&f);
    }
}

/* attacks.md A6 */
static void lti_keysets_find__answers_1000_random_kids_with_one_refetch_a_minute(void **state) {
    (void)state;
    struct fixture f;
    start(&f, 0);
    assert_string_equal(find(&f, 7, "k1", NOW), "");
    AUTO_ARENA a;
    arena_init(&a);
    for (int i = 0; i < 1000; i++) {
        usec_t now = NOW + S + (usec_t)i * 59 * S / 1000;
        assert_string_equal(find(&f, 7, arena_printf(&a, "random-%d", i), now), "kid");
    }
    assert_int_equal(f.p.calls, 2); /* the one that read the set, and one for all of them */
    for (int i = 0; i < 1000; i++) {
        usec_t now = NOW + 61 * S + (usec_t)i * 59 * S / 1000;
        assert_string_equal(find(&f, 7, arena_printf(&a, "random-%d", i), now), "kid");
    }
    assert_int_equal(f.p.calls, 3);
    assert_string_equal(find(&f, 7, "k1", NOW + 120 * S), "");
    assert_int_equal(f.p.calls, 3);
    stop(&f);
}

/* attacks.md A6, from a cold start: the fetch for the first of them was the one of that minute */
static void lti_keysets_find__fetches_once_a_minute_for_random_kids_alone(void **state) {
    (void)state;
    struct fixture f;
    start(&f, 0);
    AUTO_ARENA a;
    arena_init(&a);
    for (int i = 0; i < 1000; i++) {
        usec_t now = NOW + (usec_t)i * 59 * S / 1000;
        assert_string_equal(find(&f, 7, arena_printf(&a, "random-%d", i), now), "kid");
    }
    assert_int_equal(f.p.calls, 1);
    stop(&f);
}

/* attacks.md P7 */
static void lti_keysets_find__takes_a_rotated_key_after_one_refetch(void **state) {
    (void)state;
    struct fixture f;
    start(&f, 0);
    assert_string_equal(find(&f, 7, "k1", NOW), "");
    serve(&f.p, &keys_once[0], 2);
    assert_string_equal(find(&f, 7, "k2", NOW + 2 * S),
                        ""); /* rotated right after the first launch */
    assert_string_equal(find(&f, 7, "k1", NOW + 61 * S), "");
    assert_int_equal(f.p.calls, 2);
    /* A key that was taken out is gone once the set is read again. */
    serve(&f.p, &keys_once[1], 1);
    assert_string_equal(find(&f, 7, "k1", NOW + 4000 * S), "kid");
    stop(&f);
}

/* attacks.md A15 */
static void lti_keysets_find__keeps_platforms_apart(void **state) {
    (void)state;
    struct fixture f;
    struct err err = {0};
    start(&f, 0);
    struct jose_key *first = NULL;
    struct jose_key *second = NULL;
    assert_true(lti_keysets_find(f.sets, 7, URL, SV("k1"), NOW, &first, &err));
    serve(&f.p, &keys_once[2], 1);
    assert_true(lti_keysets_find(f.sets, 7 + 1024, URL, SV("k1"), NOW, &second, &err));
    AUTO_JSON *a = jose_key_public_jwk(first);
    AUTO_JSON *b = jose_key_public_jwk(second);
    AUTO_JSON *want = jose_key_public_jwk(keys_once[2]);
    assert_false(json_equal(a, b));
    assert_true(json_equal(b, want));
    assert_int_equal(f.p.calls, 2);
    jose_key_unref(first);
    jose_key_unref(second);
    stop(&f);
}

static void lti_keysets_find__lives_on_expired_keys_for_a_day(void **state) {
    (void)state;
    struct fixture f;
    start(&f, 0);
    assert_string_equal(find(&f, 7, "k1", NOW), "");
    f.p.is_down = true;
    usec_t expiry = NOW + 3600 * S;
    assert_string_equal(find(&f, 7, "k1", expiry), "");
    assert_int_equal(f.p.calls, 2);
    assert_string_equal(find(&f, 7, "k1", expiry + 59 * S), "");
    assert_int_equal(f.p.calls, 2); /* asked again only after a minute */
    assert_string_equal(find(&f, 7, "k1", expiry + 60 * S), "");
    assert_int_equal(f.p.calls, 3);
    assert_string_equal(find(&f, 7, "k1", expiry + 86400 * S - 1), "");
    assert_string_equal(find(&f, 7, "k1", expiry + 86400 * S + 120 * S), "keyset");
    f.p.is_down = false;
    assert_string_equal(find(&f, 7, "k1", expiry + 86400 * S + 240 * S), "");
    stop(&f);
}

static void lti_keysets_find__says_why_keys_cannot_be_had(void **state) {
    (void)state;
    struct fixture f;
    struct err err = {0};
    struct jose_key *key = NULL;
    start(&f, 0);
    f.p.is_down = true;
    assert_false(lti_keysets_find(f.sets, 7, URL, SV("k1"), NOW, &key, &err));
    assert_int_equal(err.code, ERR_UPSTREAM);
    assert_int_equal(err.retry, ERR_RETRY_LATER);
    assert_string_equal(err.reason, "keyset");
    assert_non_null(
        strstr(err.text, "from https://lms.example/jwks (the platform did not answer)"));
    /* Without any keys the next try is in five seconds. */
    f.p.is_down = false;
    assert_string_equal(find(&f, 7, "k1", NOW + 4 * S), "keyset");
    assert_int_equal(f.p.calls, 1);
    assert_string_equal(find(&f, 7, "k1", NOW + 5 * S), "");
    stop(&f);
    start(&f, 0);
    f.p.body = SV("<html>");
    assert_string_equal(find(&f, 7, "k1", NOW), "keyset");
    assert_int_equal(f.p.reads, 0);
    stop(&f);
}

static void lti_keysets_find__drops_what_it_had_when_the_url_changes(void **state) {
    (void)state;
    struct fixture f;
    struct err err = {0};
    struct jose_key *key = NULL;
    start(&f, 0);
    assert_string_equal(find(&f, 7, "k1", NOW), "");
    f.p.expected_url = SV("https://lms.example/new");
    serve(&f.p, &keys_once[1], 1);
    assert_true(lti_keysets_find(f.sets, 7, f.p.expected_url, SV("k2"), NOW + 1, &key, &err));
    jose_key_unref(key);
    assert_int_equal(f.p.calls, 2);
    assert_false(lti_keysets_find(f.sets, 7, f.p.expected_url, SV("k1"), NOW + 2, &key, &err));
    assert_string_equal(err.reason, "kid");
    stop(&f);
}

static void lti_keysets_forget__makes_the_next_one_fetch(void **state) {
    (void)state;
    struct fixture f;
    start(&f, 0);
    assert_string_equal(find(&f, 7, "k1", NOW), "");
    lti_keysets_forget(f.sets, 7);
    lti_keysets_forget(f.sets, 8);
    assert_string_equal(find(&f, 7, "k1", NOW), "");
    assert_int_equal(f.p.calls, 2);
    stop(&f);
}

static void lti_keysets_find__survives_a_clock_that_is_set_back(void **state) {
    (void)state;
    struct fixture f;
    start(&f, 0);
    assert_string_equal(find(&f, 7, "k1", NOW), "");
    assert_string_equal(find(&f, 7, "k1", NOW - 3600 * S), "");
    assert_int_equal(f.p.calls, 2);
    assert_string_equal(find(&f, 7, "k1", NOW - 3599 * S), "");
    assert_int_equal(f.p.calls, 2);
    stop(&f);
}

struct caller {
    struct fixture *f;
    const char *kid;
    usec_t now;
    char reason[32];
    atomic_int is_done;
    pthread_t thread;
};

static void *call(void *arg) {
    struct caller *c = arg;
    (void)snprintf(c->reason, sizeof c->reason, "%s", find(c->f, 7, c->kid, c->now));
    atomic_store(&c->is_done, 1);
    return NULL;
}

static void launch(struct caller *c, struct fixture *f, const char *kid, usec_t now) {
    *c = (struct caller){.f = f, .kid = kid, .now = now};
    assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
}

static void hold(struct platform *p) {
    (void)pthread_mutex_lock(&p->lock);
    p->is_held = true;
    (void)pthread_mutex_unlock(&p->lock);
}

static void await_inside(struct platform *p) {
    (void)pthread_mutex_lock(&p->lock);
    while (!p->is_inside) {
        (void)pthread_cond_wait(&p->changed, &p->lock);
    }
    (void)pthread_mutex_unlock(&p->lock);
}

static void let_go(struct platform *p) {
    (void)pthread_mutex_lock(&p->lock);
    p->is_held = false;
    (void)pthread_cond_broadcast(&p->changed);
    (void)pthread_mutex_unlock(&p->lock);
}

#define CALLERS 16

static void lti_keysets_find__lets_one_thread_fetch_for_all(void **state) {
    (void)state;
    struct fixture f;
    struct caller callers[CALLERS];
    start(&f, 0);
    hold(&f.p);
    for (size_t i = 0; i < CALLERS; i++) {
        launch(&callers[i], &f, "k1", NOW);
    }
    await_inside(&f.p);
    (void)usleep(20000); /* the others arrive; right either way, but then they wait */
    let_go(&f.p);
    for (size_t i = 0; i < CALLERS; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_string_equal(callers[i].reason, "");
    }
    assert_int_equal(f.p.calls, 1);
    stop(&f);
}

static void lti_keysets_find__goes_on_with_known_keys_while_another_fetches(void **state) {
    (void)state;
    struct fixture f;
    struct caller rotated;
    start(&f, 0);
    assert_string_equal(find(&f, 7, "k1", NOW), "");
    serve(&f.p, &keys_once[0], 2);
    hold(&f.p);
    launch(&rotated, &f, "k2", NOW + 61 * S);
    await_inside(&f.p);
    /* These return although the fetch hangs. */
    assert_string_equal(find(&f, 7, "k1", NOW + 61 * S), "");
    assert_string_equal(find(&f, 7, "k1", NOW + 4000 * S), "");
    let_go(&f.p);
    assert_int_equal(pthread_join(rotated.thread, NULL), 0);
    assert_string_equal(rotated.reason, "");
    assert_int_equal(f.p.calls, 2);
    stop(&f);
}

static void lti_keysets_find__tells_the_one_too_many_that_it_is_busy(void **state) {
    (void)state;
    struct fixture f;
    struct caller callers[3];
    start(&f, 1);
    hold(&f.p);
    launch(&callers[0], &f, "k1", NOW);
    await_inside(&f.p);
    launch(&callers[1], &f, "k1", NOW);
    launch(&callers[2], &f, "k1", NOW);
    /* Of these two one waits and one is turned away when its patience ends, whichever comes first.
     */
    while (atomic_load(&callers[1].is_done) + atomic_load(&callers[2].is_done) == 0) {
        (void)usleep(1000);
    }
    let_go(&f.p);
    int busy = 0;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        busy += strcmp(callers[i].reason, "busy") == 0;
        assert_true(callers[i].reason[0] == '\0' || (i > 0 && callers[i].reason[0] == 'b'));
    }
    assert_int_equal(busy, 1);
    stop(&f);
}

static void lti_keysets_find__waits_over_the_limit_for_a_platform_that_answers_soon(void **state) {
    (void)state;
    struct fixture f;
    struct caller callers[1 + LTI_KEYSET_PATIENT];
    start(&f, 1);
    hold(&f.p);
    launch(&callers[0], &f, "k1", NOW);
    await_inside(&f.p);
    for (size_t i = 1; i < ARRAY_LEN(callers); i++) {
        launch(&callers[i], &f, "k1", NOW);
    }
    (void)usleep(300000);
    /* All places are taken: the next one need not wait to be told. */
    assert_string_equal(find(&f, 7, "k1", NOW), "busy");
    let_go(&f.p);
    for (size_t i = 0; i < ARRAY_LEN(callers); i++) {
        assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
        assert_string_equal(callers[i].reason, "");
    }
    assert_int_equal(f.p.calls, 1);
    stop(&f);
}

static void lti_keysets_find__is_not_fooled_by_a_fetch_from_the_old_url(void **state) {
    (void)state;
    struct fixture f;
    struct caller old;
    struct err err = {0};
    struct jose_key *key = NULL;
    start(&f, 0);
    hold(&f.p);
    launch(&old, &f, "k1", NOW);
    await_inside(&f.p);
    lti_keysets_forget(f.sets, 7); /* edited while the fetch is under way */
    let_go(&f.p);
    assert_int_equal(pthread_join(old.thread, NULL), 0);
    assert_true(lti_keysets_find(f.sets, 7, URL, SV("k1"), NOW, &key, &err));
    jose_key_unref(key);
    assert_int_equal(f.p.calls, 2);
    stop(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_keysets_find__fetches_once_while_the_set_is_fresh),
        cmocka_unit_test(lti_keysets_find__obeys_max_age_within_bounds),
        cmocka_unit_test(lti_keysets_find__answers_1000_random_kids_with_one_refetch_a_minute),
        cmocka_unit_test(lti_keysets_find__fetches_once_a_minute_for_random_kids_alone),
        cmocka_unit_test(lti_keysets_find__takes_a_rotated_key_after_one_refetch),
        cmocka_unit_test(lti_keysets_find__keeps_platforms_apart),
        cmocka_unit_test(lti_keysets_find__lives_on_expired_keys_for_a_day),
        cmocka_unit_test(lti_keysets_find__says_why_keys_cannot_be_had),
        cmocka_unit_test(lti_keysets_find__drops_what_it_had_when_the_url_changes),
        cmocka_unit_test(lti_keysets_forget__makes_the_next_one_fetch),
        cmocka_unit_test(lti_keysets_find__survives_a_clock_that_is_set_back),
        cmocka_unit_test(lti_keysets_find__lets_one_thread_fetch_for_all),
        cmocka_unit_test(lti_keysets_find__goes_on_with_known_keys_while_another_fetches),
        cmocka_unit_test(lti_keysets_find__tells_the_one_too_many_that_it_is_busy),
        cmocka_unit_test(lti_keysets_find__waits_over_the_limit_for_a_platform_that_answers_soon),
        cmocka_unit_test(lti_keysets_find__is_not_fooled_by_a_fetch_from_the_old_url),
    };
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
