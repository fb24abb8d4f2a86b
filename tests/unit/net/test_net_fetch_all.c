/* Many exchanges at once, against a real socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_peer.h"
#include "lti_http.h"

#define PATHS_MAX 64

/* What is asked for, and what came of it, by number. */
struct rig {
    struct server server;
    struct arena arena;
    struct net_client *client;
    struct net_many many;
    const char *paths[PATHS_MAX]; /* "http..." as it is, else of our server */
    int timeouts_ms[PATHS_MAX];
    size_t count, asked, answered;
    int status[PATHS_MAX]; /* -1: failed */
    char reasons[PATHS_MAX][40];
    char bodies[PATHS_MAX][4096];
    size_t order[PATHS_MAX];
    size_t stop_after; /* answers; 0: never */
    atomic_bool stop;
    struct err err;
};

static bool next(void *ctx, struct arena *a, struct net_request *request, size_t *tag) {
    struct rig *r = ctx;
    if (r->asked == r->count) {
        return false;
    }
    *tag = r->asked++;
    const char *path = r->paths[*tag];
    request->url = strncmp(path, "http", 4) == 0
                       ? sv_from(path)
                       : sv_printf(a, "http://127.0.0.1:%d%s", r->server.port, path);
    request->method = NET_POST;
    request->body = sv_printf(a, "number %zu", *tag);
    request->content_type = SV("text/plain");
    request->total_timeout_ms = r->timeouts_ms[*tag];
    request->stop = &r->stop;
    request->body_max_bytes = strcmp(path, "/endless") == 0 ? 10000 : 0;
    return true;
}

static bool done(void *ctx, size_t tag, struct arena *a, const struct net_response *response,
                 const struct err *failed, struct err *err) {
    struct rig *r = ctx;
    (void)a;
    assert_true((response == NULL) != (failed == NULL));
    assert_int_equal(r->status[tag], 0); /* told once */
    r->order[r->answered++] = tag;
    r->status[tag] = response != NULL ? response->status : -1;
    if (failed != NULL) {
        (void)snprintf(r->reasons[tag], sizeof r->reasons[tag], "%s", failed->reason);
    }
    if (response != NULL) {
        (void)snprintf(r->bodies[tag], sizeof r->bodies[tag], "%.*s", SV_ARG(response->body));
    }
    return r->stop_after != r->answered || err_because(err, ERR_UPSTREAM, "enough", "enough of it");
}

static struct net_client *client_for(struct rig *r, int concurrent_max) {
    struct sv entries[] = {sv_printf(&r->arena, "127.0.0.1:%d", r->server.port)};
    struct net_client_config config = {.concurrent_max = concurrent_max};
    struct net_client *client = NULL;
    struct err err = {0};
    if (!net_policy_parse(&r->arena, entries, 1, &config.policy, &err) ||
        !net_client_create(&config, &client, &err)) {
        fail_msg("%s", err.text);
    }
    return client;
}

static int setup(void **state) {
    struct rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->server.listener = listen_anywhere(&r->server.port);
    assert_int_equal(pthread_create(&r->server.thread, NULL, serve, &r->server), 0);
    r->client = client_for(r, 0);
    r->many = (struct net_many){.parallel = 4, .next = next, .done = done, .ctx = r};
    *state = r;
    return 0;
}

static int teardown(void **state) {
    struct rig *r = *state;
    net_client_destroy(r->client);
    (void)shutdown(r->server.listener, SHUT_RDWR);
    (void)close(r->server.listener);
    (void)pthread_join(r->server.thread, NULL);
    arena_release(&r->arena);
    free(r);
    return 0;
}

static void ask(struct rig *r, const char *path, size_t times) {
    for (size_t i = 0; i < times; i++) {
        r->paths[r->count++] = path;
    }
}

static void must_run(struct rig *r) {
    if (!net_fetch_all(r->client, &r->many, &r->err)) {
        fail_msg("%s", r->err.text);
    }
    assert_int_equal(r->answered, r->count);
}

static void net_fetch_all__holds_its_limit_and_uses_it(void **state) {
    struct rig *r = *state;
    ask(r, "/wait", 24);
    usec_t began = clock_monotonic();
    must_run(r);
    usec_t took = clock_monotonic() - began;
    assert_int_equal(atomic_load(&r->server.inside_most), 4);
    assert_true(took >= (usec_t)6 * 60000); /* 24 in rows of four */
    assert_true(took < (usec_t)24 * 60000);
    assert_int_equal(atomic_load(&r->server.connections), 4); /* kept alive */
    for (size_t i = 0; i < r->count; i++) {
        assert_int_equal(r->status[i], 200);
        assert_string_equal(r->bodies[i], "waited");
    }
}

static void net_fetch_all__cuts_the_limit_to_what_is_sane(void **state) {
    struct rig *r = *state;
    ask(r, "/wait", 3);
    r->many.parallel = -5;
    must_run(r);
    assert_int_equal(atomic_load(&r->server.inside_most), 1);
    r->count = r->asked = r->answered = 0;
    memset(r->status, 0, sizeof r->status);
    ask(r, "/wait", 40);
    r->many.parallel = 1000;
    must_run(r);
    assert_in_range(atomic_load(&r->server.inside_most), 2, NET_PARALLEL_MAX);
}

static void net_fetch_all__gives_each_its_own_request_and_answer(void **state) {
    struct rig *r = *state;
    ask(r, "/echo", 30);
    must_run(r);
    for (size_t i = 0; i < r->count; i++) {
        char own[32];
        (void)snprintf(own, sizeof own, "\r\n\r\nnumber %zu", i);
        const char *end = r->bodies[i] + strlen(r->bodies[i]) - strlen(own);
        assert_string_equal(end, own);
        assert_null(strstr(r->bodies[i], "Accept:"));
        assert_null(strstr(r->bodies[i], "Expect:"));
    }
}

static void net_fetch_all__keeps_an_error_to_its_exchange(void **state) {
    static const struct {
        const char *path, *reason; /* "": answered */
    } rows[] = {{"/echo", ""},
                {"https://127.0.0.1/", "policy"},
                {"/cut", "network"},
                {"https://localhost/", "policy"} /* at the address */,
                {"/echo", ""},
                {"/endless", "size"},
                {"/drip", "timeout"},
                {"http://127.0.0.1:1/", "policy"},
                {"http://x/", "policy"},
                {"/silent", "network"},
                {"/redirect", ""},
                {"/announced", "size"},
                {"/echo", ""}};
    struct rig *r = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ask(r, rows[i].path, 1);
    }
    r->timeouts_ms[6] = 200;
    must_run(r);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strcmp(r->reasons[i], rows[i].reason) != 0) {
            fail_msg("%s: %d %s", rows[i].path, r->status[i], r->reasons[i]);
        }
    }
    assert_int_equal(r->status[10], 302);
    assert_int_equal(atomic_load(&r->server.canary_hits), 0);
}

static void net_fetch_all__lets_one_slow_answer_hold_up_nobody(void **state) {
    struct rig *r = *state;
    ask(r, "/long", 1);
    ask(r, "/echo", 30);
    must_run(r);
    assert_int_equal(r->order[r->count - 1], 0); /* the slow one came last, whole */
    assert_string_equal(r->bodies[0], "at last");
}

static void net_fetch_all__ends_at_once_when_it_is_broken_off(void **state) {
    struct rig *r = *state;
    ask(r, "/echo", 1);
    ask(r, "/long", 8);
    r->stop_after = 1;
    usec_t began = clock_monotonic();
    assert_false(net_fetch_all(r->client, &r->many, &r->err));
    assert_true(clock_monotonic() - began < 500000);
    assert_string_equal(r->err.reason, "enough");
    assert_int_equal(r->answered, 1); /* no word about the others */
    assert_true(r->asked < r->count);
}

static void *stop_soon(void *rig) {
    (void)poll(NULL, 0, 200);
    atomic_store(&((struct rig *)rig)->stop, true);
    return NULL;
}

static void net_fetch_all__does_not_wait_for_a_silent_host_when_it_is_to_stop(void **state) {
    struct rig *r = *state;
    int port = r->server.port;
    int silent = listen_anywhere(&r->server.port); /* takes connections, and never answers */
    struct net_client *client = client_for(r, 0);
    pthread_t thread;
    ask(r, "/", 9);
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, r), 0);
    usec_t began = clock_monotonic();
    bool is_done = net_fetch_all(client, &r->many, &r->err);
    assert_true(clock_monotonic() - began < 4 * USEC_PER_S);
    assert_true(is_done);
    assert_int_equal(r->answered, 9);
    for (size_t i = 0; i < r->count; i++) {
        assert_string_equal(r->reasons[i], "stopping");
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    net_client_destroy(client);
    (void)close(silent);
    r->server.port = port;
}

static void net_fetch_all__waits_at_its_own_gate(void **state) {
    struct rig *r = *state;
    struct net_client *narrow = client_for(r, 2);
    ask(r, "/wait", 8);
    bool is_done = net_fetch_all(narrow, &r->many, &r->err);
    net_client_destroy(narrow);
    assert_true(is_done);
    assert_int_equal(atomic_load(&r->server.inside_most), 2);
    for (size_t i = 0; i < r->count; i++) {
        assert_int_equal(r->status[i], 200);
    }
}

/* The gate is given back, also by what was broken off. */
static void net_fetch_all__leaves_the_gate_open(void **state) {
    struct rig *r = *state;
    struct net_client *narrow = client_for(r, 3);
    ask(r, "/cut", 1);
    ask(r, "/long", 5);
    r->stop_after = 1;
    assert_false(net_fetch_all(narrow, &r->many, &r->err));
    r->count = r->asked = r->answered = r->stop_after = 0;
    memset(r->status, 0, sizeof r->status);
    ask(r, "/wait", 6);
    bool is_done = net_fetch_all(narrow, &r->many, &r->err);
    net_client_destroy(narrow);
    assert_true(is_done);
    assert_int_equal(atomic_load(&r->server.inside_most), 3);
}

/* What is asked for may depend on what was answered. */
static bool more_later(void *ctx, struct arena *a, struct net_request *request, size_t *tag) {
    struct rig *r = ctx;
    /* Nothing but the first until it has come back. */
    return (r->asked == 0 || r->answered > 0) && next(ctx, a, request, tag);
}

static void net_fetch_all__takes_requests_that_come_up_later(void **state) {
    struct rig *r = *state;
    ask(r, "/wait", 9);
    r->many.next = more_later;
    must_run(r);
    assert_int_equal(r->order[0], 0);
    assert_in_range(atomic_load(&r->server.inside_most), 2, 4);
}

static void lti_http__runs_many_one_after_another_where_there_is_no_other_way(void **state) {
    struct rig *r = *state;
    struct lti_http http = lti_http_of(r->client);
    http.fetch_all = NULL;
    ask(r, "/wait", 3);
    ask(r, "/cut", 1);
    ask(r, "/wait", 1);
    assert_true(lti_http_fetch_all(&http, &r->many, &r->err));
    assert_int_equal(atomic_load(&r->server.inside_most), 1);
    assert_int_equal(r->status[2], 200);
    assert_int_equal(r->status[3], -1);
    assert_int_equal(r->status[4], 200);
    http = lti_http_of(r->client);
    r->count = r->asked = r->answered = 0;
    memset(r->status, 0, sizeof r->status);
    ask(r, "/wait", 4);
    assert_true(lti_http_fetch_all(&http, &r->many, &r->err));
    assert_int_equal(atomic_load(&r->server.inside_most), 4);
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_RIG(net_fetch_all__holds_its_limit_and_uses_it),
        WITH_RIG(net_fetch_all__cuts_the_limit_to_what_is_sane),
        WITH_RIG(net_fetch_all__gives_each_its_own_request_and_answer),
        WITH_RIG(net_fetch_all__keeps_an_error_to_its_exchange),
        WITH_RIG(net_fetch_all__lets_one_slow_answer_hold_up_nobody),
        WITH_RIG(net_fetch_all__ends_at_once_when_it_is_broken_off),
        WITH_RIG(net_fetch_all__does_not_wait_for_a_silent_host_when_it_is_to_stop),
        WITH_RIG(net_fetch_all__waits_at_its_own_gate),
        WITH_RIG(net_fetch_all__leaves_the_gate_open),
        WITH_RIG(net_fetch_all__takes_requests_that_come_up_later),
        WITH_RIG(lti_http__runs_many_one_after_another_where_there_is_no_other_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
