/* The fetcher against a real socket: a small HTTP server in this process, one thread a connection.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http_peer.h"
#include "net_fetch.h"

/* One server and one client per test. */
struct rig {
    struct server server;
    struct arena arena;
    struct net_client *client;
    struct err err;
    struct net_response response;
};

static struct net_client *client_for(struct arena *a, const char *entry, int concurrent_max) {
    struct err err = {0};
    struct sv entries[] = {sv_from(entry)};
    struct net_client_config config = {.user_agent = "Laurel/9.8.7",
                                       .concurrent_max = concurrent_max};
    struct net_client *client = NULL;
    if (!net_policy_parse(a, entries, 1, &config.policy, &err) ||
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
    r->client = client_for(&r->arena, arena_printf(&r->arena, "127.0.0.1:%d", r->server.port), 0);
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

static struct net_request request_for(struct rig *r, const char *path) {
    return (struct net_request){
        .url = sv_printf(&r->arena, "http://127.0.0.1:%d%s", r->server.port, path)};
}

static bool fetch(struct rig *r, const struct net_request *q) {
    r->err = (struct err){0};
    return net_fetch(r->client, q, &r->response, &r->arena, &r->err);
}

static void assert_fails(struct rig *r, const struct net_request *q, const char *reason,
                         enum err_retry retry) {
    if (fetch(r, q)) {
        fail_msg("%.*s answered %d", SV_ARG(q->url), r->response.status);
    }
    assert_int_equal(r->err.code, ERR_UPSTREAM);
    assert_string_equal(r->err.reason, reason);
    assert_int_equal(r->err.retry, retry);
}

static void assert_has(struct sv text, const char *part) {
    if (memmem(text.ptr, text.len, part, strlen(part)) == NULL) {
        fail_msg("\"%s\" is not in \"%.*s\"", part, SV_ARG(text));
    }
}

static void assert_lacks(struct sv text, const char *part) {
    if (memmem(text.ptr, text.len, part, strlen(part)) != NULL) {
        fail_msg("\"%s\" is in \"%.*s\"", part, SV_ARG(text));
    }
}

static void net_fetch__sends_no_header_that_was_not_asked_for(void **state) {
    struct rig *r = *state;
    struct net_request q = request_for(r, "/echo");
    assert_true(fetch(r, &q));
    assert_int_equal(r->response.status, 200);
    assert_has(r->response.body, "GET /echo HTTP/1.1\r\n");
    assert_has(r->response.body, "User-Agent: Laurel/9.8.7\r\n");
    assert_lacks(r->response.body, "Accept:");
    assert_lacks(r->response.body, "Expect:");
    assert_lacks(r->response.body, "Content-Type:");
}

static void net_fetch__sends_given_headers_and_body(void **state) {
    static const char *const verbs[] = {
        [NET_GET] = "GET", [NET_POST] = "POST", [NET_PUT] = "PUT", [NET_DELETE] = "DELETE"};
    struct rig *r = *state;
    for (enum net_method m = NET_GET; m <= NET_DELETE; m++) {
        const struct net_header headers[] = {{SV("Accept"), SV("a/b+json")},
                                             {SV("Authorization"), SV("Bearer t")}};
        struct net_request q = request_for(r, "/echo");
        bool has_body = m == NET_POST || m == NET_PUT;
        q.method = m;
        q.headers = headers;
        q.header_count = 2;
        q.body = has_body ? SV("{\"a\":1}") : sv_of(NULL, 0);
        q.content_type = has_body ? SV("c/d+json") : sv_of(NULL, 0);
        assert_true(fetch(r, &q));
        assert_has(r->response.body, arena_printf(&r->arena, "%s /echo HTTP/1.1\r\n", verbs[m]));
        assert_has(r->response.body, "Accept: a/b+json\r\n");
        assert_has(r->response.body, "Authorization: Bearer t\r\n");
        if (has_body) {
            assert_has(r->response.body, "Content-Type: c/d+json\r\n");
            assert_has(r->response.body, "\r\n\r\n{\"a\":1}");
        }
    }
}

static void net_response_header__is_found_without_case(void **state) {
    struct rig *r = *state;
    struct net_request q = request_for(r, "/echo");
    struct sv value;
    assert_true(fetch(r, &q));
    assert_true(net_response_header(&r->response, SV("X-THING"), 0, &value));
    assert_true(sv_eq(value, SV("first")));
    assert_true(net_response_header(&r->response, SV("x-thing"), 1, &value));
    assert_true(sv_eq(value, SV("second")));
    assert_false(net_response_header(&r->response, SV("x-thing"), 2, &value));
    assert_true(net_response_header(&r->response, SV("link"), 0, &value));
    assert_true(sv_eq(value, SV("<a>; rel=next")));
}

/* attacks.md F3, G4 */
static void net_fetch__does_not_follow_redirects(void **state) {
    struct rig *r = *state;
    struct net_request q = request_for(r, "/redirect");
    assert_true(fetch(r, &q));
    assert_int_equal(r->response.status, 302);
    assert_int_equal(atomic_load(&r->server.canary_hits), 0);
}

/* attacks.md G7 */
static void net_fetch__caps_the_body_however_it_comes(void **state) {
    static const char *const paths[] = {"/announced", "/endless", "/bomb", "/headers"};
    struct rig *r = *state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct net_request q = request_for(r, paths[i]);
        q.body_max_bytes = 10000;
        assert_fails(r, &q, "size", ERR_RETRY_PARK);
    }
}

static void net_fetch__unpacks_what_fits(void **state) {
    struct rig *r = *state;
    struct net_request q = request_for(r, "/bomb");
    q.body_max_bytes = 200000;
    assert_true(fetch(r, &q));
    assert_int_equal(r->response.body.len, 200000);
    assert_true(r->response.wire_bytes == 229);
}

static void net_fetch__lets_verification_reach_no_listed_host(void **state) {
    struct rig *r = *state;
    struct net_request q = request_for(r, "/bomb");
    q.net_class = NET_CLASS_VERIFICATION;
    assert_fails(r, &q, "policy", ERR_RETRY_PARK);
}

/* attacks.md G7 */
static void net_fetch__gives_up_on_a_slow_drip(void **state) {
    struct rig *r = *state;
    struct net_request q = request_for(r, "/drip");
    q.total_timeout_ms = 200;
    usec_t began = clock_monotonic();
    assert_fails(r, &q, "timeout", ERR_RETRY_LATER);
    assert_true(clock_monotonic() - began < 900000); /* the whole drip lasts a second */
}

static void *stop_soon(void *flag) {
    (void)poll(NULL, 0, 200);
    atomic_store((atomic_bool *)flag, true);
    return NULL;
}

/* A worker that ends does not wait for a host that is silent. */
static void net_fetch__breaks_off_when_it_is_told_to(void **state) {
    struct rig *r = *state;
    int port = 0;
    int fd = listen_anywhere(&port); /* takes connections, and never answers */
    struct net_client *client =
        client_for(&r->arena, arena_printf(&r->arena, "127.0.0.1:%d", port), 0);
    atomic_bool stop = false;
    pthread_t thread;
    struct net_request q = {.url = sv_printf(&r->arena, "http://127.0.0.1:%d/", port),
                            .stop = &stop};
    struct err err = {0};
    usec_t began = clock_monotonic();
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    assert_false(net_fetch(client, &q, &r->response, &r->arena, &err));
    assert_true(clock_monotonic() - began < 3 * USEC_PER_S);
    assert_string_equal(err.reason, "stopping");
    assert_int_equal(err.retry, ERR_RETRY_LATER);
    assert_int_equal(pthread_join(thread, NULL), 0);
    net_client_destroy(client);
    (void)close(fd);
}

static void net_fetch__tells_broken_answers_apart(void **state) {
    struct rig *r = *state;
    struct net_request q = request_for(r, "/silent");
    assert_fails(r, &q, "network", ERR_RETRY_LATER);
    q = request_for(r, "/cut");
    assert_fails(r, &q, "network", ERR_RETRY_LATER);
    q = request_for(r, "/noise");
    q.total_timeout_ms = 1000;
    assert_false(fetch(r, &q)); /* HTTP/0.9 is off */
    assert_int_equal(r->err.retry, ERR_RETRY_LATER);
}

static void net_fetch__reports_a_refused_connection(void **state) {
    struct rig *r = *state;
    int port = 0;
    int fd = listen_anywhere(&port);
    (void)close(fd); /* nobody listens there now */
    struct net_client *client =
        client_for(&r->arena, arena_printf(&r->arena, "127.0.0.1:%d", port), 0);
    struct net_request q = {.url = sv_printf(&r->arena, "http://127.0.0.1:%d/", port)};
    struct err err = {0};
    assert_false(net_fetch(client, &q, &r->response, &r->arena, &err));
    assert_string_equal(err.reason, "connect");
    assert_int_equal(err.retry, ERR_RETRY_LATER);
    net_client_destroy(client);
}

/* A name that passes as a name and turns out to be loopback: G3. */
static void net_fetch__judges_the_address_a_name_resolves_to(void **state) {
    struct rig *r = *state;
    struct net_request q = {.url = SV("https://localhost/")};
    assert_fails(r, &q, "policy", ERR_RETRY_PARK);
    assert_int_equal(atomic_load(&r->server.connections), 0);
}

static void net_fetch__keeps_the_connection(void **state) {
    struct rig *r = *state;
    for (int i = 0; i < 5; i++) {
        struct net_request q = request_for(r, "/echo");
        assert_true(fetch(r, &q));
    }
    assert_int_equal(atomic_load(&r->server.connections), 1);
}

/* attacks.md G8 */
static void net_fetch__ignores_proxies_of_the_environment(void **state) {
    struct rig *r = *state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("ALL_PROXY", "http://127.0.0.1:1", 1), 0);
    struct net_request q = request_for(r, "/echo");
    bool ok = fetch(r, &q);
    (void)unsetenv("http_proxy");
    (void)unsetenv("ALL_PROXY");
    assert_true(ok);
}

static void net_fetch__refuses_header_injection(void **state) {
    static const struct net_header rows[] = {{SV("X-A"), SV("b\r\nX-C: d")},
                                             {SV("X-A"), SV("b\nX")},
                                             {SV("X: y"), SV("b")},
                                             {SV(""), SV("b")}};
    struct rig *r = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct net_request q = request_for(r, "/echo");
        q.headers = &rows[i];
        q.header_count = 1;
        assert_false(fetch(r, &q));
        assert_int_equal(r->err.code, ERR_BUG);
    }
    struct net_request q = request_for(r, "/echo");
    q.method = NET_POST;
    q.content_type = SV("a/b\r\nX: y");
    assert_false(fetch(r, &q));
    assert_int_equal(r->err.code, ERR_BUG);
}

static void net_fetch__lets_verification_carry_nothing(void **state) {
    struct rig *r = *state;
    struct net_request q = {.url = SV("https://badges.example/"),
                            .net_class = NET_CLASS_VERIFICATION,
                            .method = NET_POST};
    assert_false(fetch(r, &q));
    assert_int_equal(r->err.code, ERR_BUG);
}

static void net_gate__refuses_the_one_too_many(void **state) {
    (void)state;
    struct net_gate gate;
    struct err err = {0};
    net_gate_init(&gate, 2);
    assert_true(net_gate_enter(&gate, &err));
    assert_true(net_gate_enter(&gate, &err));
    assert_false(net_gate_enter(&gate, &err));
    assert_string_equal(err.reason, "busy");
    assert_int_equal(err.retry, ERR_RETRY_LATER);
    net_gate_leave(&gate);
    err = (struct err){0};
    assert_true(net_gate_enter(&gate, &err));
}

struct slow_call {
    struct rig *rig;
    struct net_client *client;
};

static void *drip_on(void *ctx) {
    struct slow_call *c = ctx;
    AUTO_ARENA a = {0};
    struct net_response response;
    struct err err = {0};
    struct net_request q = request_for(c->rig, "/drip");
    q.total_timeout_ms = 600;
    bool ok = net_fetch(c->client, &q, &response, &a, &err);
    return ok ? NULL : c;
}

static void net_fetch__answers_busy_at_once_when_its_gate_is_full(void **state) {
    struct rig *r = *state;
    struct slow_call slow = {
        .rig = r,
        .client =
            client_for(&r->arena, arena_printf(&r->arena, "127.0.0.1:%d", r->server.port), 1)};
    pthread_t thread;
    struct net_request q = request_for(r, "/echo");
    assert_int_equal(pthread_create(&thread, NULL, drip_on, &slow), 0);
    for (int i = 0; i < 200 && atomic_load(&r->server.connections) == 0; i++) {
        (void)poll(NULL, 0, 5);
    }
    struct err err = {0};
    assert_false(net_fetch(slow.client, &q, &r->response, &r->arena, &err));
    assert_string_equal(err.reason, "busy");
    assert_int_equal(pthread_join(thread, NULL), 0);
    err = (struct err){0};
    assert_true(net_fetch(slow.client, &q, &r->response, &r->arena, &err));
    net_client_destroy(slow.client);
}

static void *fetch_many(void *ctx) {
    struct rig *r = ctx;
    for (int i = 0; i < 20; i++) {
        AUTO_ARENA a = {0};
        struct net_response response;
        struct err err = {0};
        struct net_request q = {.url = sv_printf(&a, "http://127.0.0.1:%d/echo", r->server.port)};
        if (!net_fetch(r->client, &q, &response, &a, &err) || response.status != 200) {
            return r;
        }
    }
    return NULL;
}

static void net_fetch__serves_many_threads_over_few_connections(void **state) {
    struct rig *r = *state;
    pthread_t threads[8];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, fetch_many, r), 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_in_range(atomic_load(&r->server.connections), 1, ARRAY_LEN(threads));
}

static void net_status_check__maps_to_retry_and_never_echoes_the_peer(void **state) {
    struct rig *r = *state;
    static const struct {
        int status;
        const char *body;
        enum err_retry retry;
    } rows[] = {{301, "", ERR_RETRY_NO},
                {400, "", ERR_RETRY_NO},
                {401, "", ERR_RETRY_PARK},
                {403, "no", ERR_RETRY_PARK},
                {404, "", ERR_RETRY_NO},
                {403, "403 Forbidden (Rate Limit Exceeded)\n", ERR_RETRY_LATER},
                {408, "", ERR_RETRY_LATER},
                {429, "", ERR_RETRY_LATER},
                {500, "", ERR_RETRY_LATER},
                {503, "", ERR_RETRY_LATER},
                {429, "429 Too Many Requests (Rate Limit Exceeded)\n", ERR_RETRY_LATER}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct net_response response = {.status = rows[i].status, .body = sv_from(rows[i].body)};
        struct err err = {0};
        assert_false(net_status_check(&response, "reading", &err));
        if (err.retry != rows[i].retry) {
            fail_msg("%d %s: retry %d", rows[i].status, rows[i].body, (int)err.retry);
        }
    }
    struct net_request q = request_for(r, "/reason");
    assert_true(fetch(r, &q));
    assert_false(net_status_check(&r->response, "posting", &r->err));
    assert_string_equal(r->err.reason, "http_400");
    assert_lacks(sv_from(r->err.text), "secret"); /* G11 */
    assert_lacks(sv_from(r->err.text), "userId");
}

static void net_response_retry_after__is_clamped(void **state) {
    (void)state;
    static const struct {
        const char *value;
        int64_t seconds;
    } rows[] = {{"120", 120},
                {"0", 0},
                {"-5", 0},
                {"999999999", 86400},
                {"Fri, 31 Dec 1999 23:59:59 GMT", 0}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct net_header h = {SV("Retry-After"), sv_from(rows[i].value)};
        struct net_response response = {.headers = &h, .header_count = 1};
        assert_true(net_response_retry_after_s(&response) == rows[i].seconds);
    }
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_RIG(net_fetch__sends_no_header_that_was_not_asked_for),
        WITH_RIG(net_fetch__sends_given_headers_and_body),
        WITH_RIG(net_response_header__is_found_without_case),
        WITH_RIG(net_fetch__does_not_follow_redirects),
        WITH_RIG(net_fetch__caps_the_body_however_it_comes),
        WITH_RIG(net_fetch__unpacks_what_fits),
        WITH_RIG(net_fetch__lets_verification_reach_no_listed_host),
        WITH_RIG(net_fetch__gives_up_on_a_slow_drip),
        WITH_RIG(net_fetch__breaks_off_when_it_is_told_to),
        WITH_RIG(net_fetch__tells_broken_answers_apart),
        WITH_RIG(net_fetch__reports_a_refused_connection),
        WITH_RIG(net_fetch__judges_the_address_a_name_resolves_to),
        WITH_RIG(net_fetch__keeps_the_connection),
        WITH_RIG(net_fetch__ignores_proxies_of_the_environment),
        WITH_RIG(net_fetch__refuses_header_injection),
        WITH_RIG(net_fetch__lets_verification_carry_nothing),
        WITH_RIG(net_fetch__answers_busy_at_once_when_its_gate_is_full),
        WITH_RIG(net_fetch__serves_many_threads_over_few_connections),
        WITH_RIG(net_status_check__maps_to_retry_and_never_echoes_the_peer),
        cmocka_unit_test(net_gate__refuses_the_one_too_many),
        cmocka_unit_test(net_response_retry_after__is_clamped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
