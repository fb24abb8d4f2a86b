#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "fake_http.h"
#include <poll.h>
#include <pthread.h>

static const struct model_registration moodle = {
    .id = 7,
    .issuer = SV("https://lms.example"),
    .client_id = SV("client-1"),
    .token_url = SV("https://lms.example/token"),
};
static const struct sv scope_score = SV(LTI_SCOPE_SCORE);

struct bench {
    struct arena arena;
    struct fake_http fake;
    struct lti_http http;
    struct lti_signer signer;
    usec_t now;
    struct clock clock;
    struct lti_tokens *tokens;
    struct lti_token_ask ask;
    struct err err;
};

static int setup(void **state) {
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->now = INT64_C(1795452329) * USEC_PER_S;
    b->http = (struct lti_http){.fetch = fake_fetch, .ctx = &b->fake};
    b->signer = (struct lti_signer){fake_sign, NULL};
    b->clock = (struct clock){fake_now, &b->now};
    b->tokens = lti_tokens_create();
    b->ask = (struct lti_token_ask){.registration = &moodle,
                                    .deployment_id = SV("dep 1"),
                                    .scopes = &scope_score,
                                    .scope_count = 1,
                                    .http = &b->http,
                                    .signer = &b->signer,
                                    .clock = &b->clock};
    *state = b;
    return 0;
}

static int teardown(void **state) {
    struct bench *b = *state;
    lti_tokens_destroy(b->tokens);
    arena_release(&b->arena);
    free(b);
    return 0;
}

/* One field of a form, decoded. */
static struct sv form_field(struct arena *a, const char *form, const char *name) {
    struct sv rest = sv_from(form);
    while (rest.len > 0) {
        struct sv pair;
        struct sv key;
        struct sv value;
        (void)sv_cut(rest, '&', &pair, &rest);
        (void)sv_cut(pair, '=', &key, &value);
        if (sv_eq(key, sv_from(name))) {
            struct err err = {0};
            assert_true(percent_decode(a, value, true, &value, &err));
            return value;
        }
    }
    fail_msg("no %s in %s", name, form);
    return sv_of(NULL, 0);
}

static json_t *assertion_of(struct bench *b) {
    json_t *claims = NULL;
    struct sv text = form_field(&b->arena, b->fake.token_body, "client_assertion");
    assert_true(js_parse(text, 8192, "assertion", &claims, &b->err));
    return claims;
}

static void assert_claim(const json_t *claims, const char *name, const char *value) {
    assert_string_equal(json_string_value(json_object_get(claims, name)), value);
}

static void token_request__sends_the_assertion_of_the_security_framework(void **state) {
    struct bench *b = *state;
    struct lti_token_grant grant;
    assert_true(lti_token_request(&b->ask, &b->arena, &grant, &b->err));
    const char *form = b->fake.token_body;
    assert_true(sv_eq(form_field(&b->arena, form, "grant_type"), SV("client_credentials")));
    assert_true(sv_eq(form_field(&b->arena, form, "client_assertion_type"),
                      SV("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")));
    assert_true(sv_eq(form_field(&b->arena, form, "scope"), scope_score));
    AUTO_JSON *claims = assertion_of(b);
    assert_claim(claims, "iss", "client-1");
    assert_claim(claims, "sub", "client-1");
    assert_claim(claims, "aud", "https://lms.example/token");
    assert_claim(claims, "https://purl.imsglobal.org/spec/lti/claim/deployment_id", "dep 1");
    /* Not one second in the platform's future; valid at most five minutes from now (F8). */
    assert_int_equal(json_integer_value(json_object_get(claims, "iat")), 1795452329 - 60);
    assert_int_equal(json_integer_value(json_object_get(claims, "exp")), 1795452329 + 240);
    assert_null(json_object_get(claims, "nbf"));
    assert_int_equal(json_string_length(json_object_get(claims, "jti")), 22); /* 128 bits */
}

/* attacks.md F8 */
static void token_request__uses_the_registered_audience(void **state) {
    struct bench *b = *state;
    struct model_registration d2l = moodle;
    struct lti_token_grant grant;
    d2l.token_audience = SV("https://api.brightspace.com/auth/token");
    b->ask.registration = &d2l;
    assert_true(lti_token_request(&b->ask, &b->arena, &grant, &b->err));
    AUTO_JSON *claims = assertion_of(b);
    assert_claim(claims, "aud", "https://api.brightspace.com/auth/token");
}

/* attacks.md F8 */
static void token_request__never_repeats_a_jti(void **state) {
    struct bench *b = *state;
    struct lti_token_grant grant;
    assert_true(lti_token_request(&b->ask, &b->arena, &grant, &b->err));
    AUTO_JSON *first = assertion_of(b);
    assert_true(lti_token_request(&b->ask, &b->arena, &grant, &b->err));
    AUTO_JSON *second = assertion_of(b);
    assert_false(json_equal(json_object_get(first, "jti"), json_object_get(second, "jti")));
}

static void token_request__says_what_a_refusal_means(void **state) {
    static const struct {
        int status;
        const char *body;
        enum err_code code;
        const char *reason;
        enum err_retry retry;
    } rows[] = {
        {400, "{\"error\" : \"invalid_client\"}", ERR_DENIED, "token_refused", ERR_RETRY_PARK},
        {400, "{\"error\":\"invalid_scope\"}", ERR_DENIED, "scope", ERR_RETRY_PARK},
        {400, "{\"error\":\"Expired token\"}", ERR_DENIED, "token_refused", ERR_RETRY_PARK},
        {400, "{\"error\":\"Cannot handle token with iat prior to 2026-11-23T17:07:10+0000\"}",
         ERR_DENIED, "token_refused", ERR_RETRY_PARK},
        /* Moodle's broken JSON (moodle.md 2.3) */
        {400, "{\"error\" : \"\"kid\" invalid, unable to lookup correct key\"}", ERR_DENIED,
         "token_refused", ERR_RETRY_PARK},
        {401, "secret-internal", ERR_DENIED, "token_refused", ERR_RETRY_PARK},
        {404, "<!DOCTYPE html>", ERR_UPSTREAM, "http_404", ERR_RETRY_PARK},
        {500, "", ERR_UPSTREAM, "http_500", ERR_RETRY_LATER},
        {429, "", ERR_UPSTREAM, "http_429", ERR_RETRY_LATER},
        {0, "", ERR_UPSTREAM, "timeout", ERR_RETRY_LATER},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_reply reply = {.status = rows[i].status, .body = rows[i].body};
        struct lti_token_grant grant;
        struct err err = {0};
        b->fake.tokens = &reply;
        b->fake.token_count = 1;
        assert_false(lti_token_request(&b->ask, &b->arena, &grant, &err));
        if (err.code != rows[i].code || strcmp(err.reason, rows[i].reason) != 0 ||
            err.retry != rows[i].retry) {
            fail_msg("%d %s: %s %s %d", rows[i].status, rows[i].body, err_code_name(err.code),
                     err.reason, (int)err.retry);
        }
        assert_null(strstr(err.text, "secret-internal"));
    }
}

/* attacks.md F5, F6 */
static void token_reply__is_judged_strictly(void **state) {
    static const struct {
        const char *body, *reason; /* reason NULL: taken */
        int64_t lasts_s;
    } rows[] = {
        {"{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":3600}", NULL, 3540},
        {"\n{ \"access_token\" : \"a\", \"token_type\" : \"bearer\", \"expires_in\" : 600 }\n",
         NULL, 540},
        {"{\"access_token\":\"a\",\"token_type\":\"BEARER\",\"expires_in\":\"3600\"}", NULL, 3540},
        {"{\"access_token\":\"a\",\"expires_in\":1000000000}", NULL, 3540},
        {"{\"access_token\":\"a\",\"expires_in\":1e300}", NULL, 0},
        {"{\"access_token\":\"a\",\"expires_in\":-1}", NULL, 0},
        {"{\"access_token\":\"a\",\"expires_in\":59}", NULL, 0},
        {"{\"access_token\":\"a\",\"expires_in\":\"soon\"}", NULL, 0},
        {"{\"access_token\":\"a\"}", NULL, 240},
        {"{\"access_token\":\"a\",\"scope\":\"x " LTI_SCOPE_SCORE " y\"}", NULL, 240},
        {"{\"access_token\":\"a\",\"scope\":\"" LTI_SCOPE_LINEITEM "\"}", "scope", 0},
        {"{\"access_token\":\"a\",\"scope\":\"" LTI_SCOPE_SCORE "s\"}", "scope", 0},
        {"<html>Log in</html>", "token_reply", 0},
        {"", "token_reply", 0},
        {"[]", "token_reply", 0},
        {"{}", "token_reply", 0},
        {"{\"access_token\":\"\"}", "token_reply", 0},
        {"{\"access_token\":17}", "token_reply", 0},
        {"{\"access_token\":\"a\\r\\nX: y\"}", "token_reply", 0},
        {"{\"access_token\":\"a b\"}", "token_reply", 0},
        {"{\"access_token\":\"\xC3\xA4\"}", "token_reply", 0},
        {"{\"access_token\":\"a\",\"token_type\":\"mac\"}", "token_reply", 0},
        {"{\"access_token\":\"a\",\"access_token\":\"b\"}", "token_reply", 0},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lti_token_grant grant = {0};
        struct err err = {0};
        bool ok =
            lti_token_reply_parse(sv_from(rows[i].body), &scope_score, 1, &b->arena, &grant, &err);
        if (ok != (rows[i].reason == NULL)) {
            fail_msg("%s: %s", rows[i].body, ok ? "taken" : err.text);
        }
        if (ok && grant.lasts_s != rows[i].lasts_s) {
            fail_msg("%s: lasts %lld", rows[i].body, (long long)grant.lasts_s);
        }
        if (!ok && rows[i].reason != NULL &&
            (strcmp(err.reason, rows[i].reason) != 0 || err.retry != ERR_RETRY_PARK)) {
            fail_msg("%s: reason %s", rows[i].body, err.reason);
        }
    }
}

/* attacks.md F5 */
static void token_reply__refuses_10_mb(void **state) {
    struct bench *b = *state;
    struct lti_token_grant grant;
    size_t len = (size_t)10 << 20;
    char *large = arena_alloc(&b->arena, len);
    memset(large, ' ', len);
    assert_false(
        lti_token_reply_parse(sv_of(large, len), &scope_score, 1, &b->arena, &grant, &b->err));
    assert_string_equal(b->err.reason, "token_reply");
}

static struct sv get(struct bench *b) {
    struct sv token;
    b->err = (struct err){0};
    if (!lti_tokens_get(b->tokens, &b->ask, &b->arena, &token, &b->err)) {
        fail_msg("%s", b->err.text);
    }
    return token;
}

static void token_cache__keeps_a_token_until_a_minute_before_its_end(void **state) {
    struct bench *b = *state;
    assert_true(sv_eq(get(b), SV("T1")));
    b->now += INT64_C(3539) * USEC_PER_S;
    assert_true(sv_eq(get(b), SV("T1")));
    b->now += 1 * USEC_PER_S;
    assert_true(sv_eq(get(b), SV("T2")));
    assert_int_equal(b->fake.token_requests, 2);
}

/* attacks.md E3: by registration, deployment and scopes */
static void token_cache__keeps_apart_what_must_not_mix(void **state) {
    struct bench *b = *state;
    const struct sv both[] = {SV(LTI_SCOPE_SCORE), SV(LTI_SCOPE_LINEITEM)};
    const struct sv turned[] = {SV(LTI_SCOPE_LINEITEM), SV(LTI_SCOPE_SCORE)};
    struct model_registration other = moodle;
    other.id = 8;
    assert_true(sv_eq(get(b), SV("T1")));
    b->ask.scopes = both;
    b->ask.scope_count = 2;
    assert_true(sv_eq(get(b), SV("T2")));
    b->ask.scopes = turned; /* the same set */
    assert_true(sv_eq(get(b), SV("T2")));
    b->ask.deployment_id = SV("dep 2");
    assert_true(sv_eq(get(b), SV("T3")));
    b->ask.registration = &other;
    assert_true(sv_eq(get(b), SV("T4")));
}

/* attacks.md F5 */
static void token_cache__does_not_keep_a_token_without_life(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200, .body = "{\"access_token\":\"A\",\"expires_in\":-1}"},
        {.status = 200, .body = "{\"access_token\":\"B\",\"expires_in\":3600}"}};
    b->fake.tokens = replies;
    b->fake.token_count = 2;
    assert_true(sv_eq(get(b), SV("A")));
    assert_true(sv_eq(get(b), SV("B")));
}

static void token_cache__drops_only_the_token_named(void **state) {
    struct bench *b = *state;
    assert_true(sv_eq(get(b), SV("T1")));
    lti_tokens_drop(b->tokens, &b->ask, SV("an older one"));
    assert_true(sv_eq(get(b), SV("T1")));
    lti_tokens_drop(b->tokens, &b->ask, SV("T1"));
    assert_true(sv_eq(get(b), SV("T2")));
}

struct slow_http {
    atomic_int calls, status;
};

static bool slow_fetch(void *ctx, const struct net_request *q, struct net_response *out,
                       struct arena *a, struct err *err) {
    struct slow_http *s = ctx;
    (void)q;
    atomic_fetch_add(&s->calls, 1);
    (void)poll(NULL, 0, 300); /* long enough for all threads to come and wait */
    const struct fake_reply reply = {
        .status = atomic_load(&s->status),
        .body = "{\"access_token\":\"one\",\"token_type\":\"Bearer\",\"expires_in\":3600}"};
    return fake_answer(&reply, out, a, err);
}

struct getter {
    struct bench *bench;
    pthread_barrier_t *start;
    bool is_got;
    struct err err;
};

static void *get_in_thread(void *ctx) {
    struct getter *g = ctx;
    AUTO_ARENA a = {0};
    struct sv token;
    (void)pthread_barrier_wait(g->start);
    g->is_got = lti_tokens_get(g->bench->tokens, &g->bench->ask, &a, &token, &g->err) &&
                sv_eq(token, SV("one"));
    return NULL;
}

static int calls_of_eight_threads(struct bench *b, int status, struct getter getters[8]) {
    struct slow_http slow;
    pthread_t threads[8];
    pthread_barrier_t start;
    atomic_init(&slow.calls, 0);
    atomic_init(&slow.status, status);
    b->http = (struct lti_http){.fetch = slow_fetch, .ctx = &slow};
    assert_int_equal(pthread_barrier_init(&start, NULL, 8), 0);
    for (size_t i = 0; i < 8; i++) {
        getters[i] = (struct getter){.bench = b, .start = &start};
        assert_int_equal(pthread_create(&threads[i], NULL, get_in_thread, &getters[i]), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    (void)pthread_barrier_destroy(&start);
    return atomic_load(&slow.calls);
}

static void token_cache__asks_once_for_many_threads(void **state) {
    struct bench *b = *state;
    struct getter getters[8];
    assert_int_equal(calls_of_eight_threads(b, 200, getters), 1);
    for (size_t i = 0; i < 8; i++) {
        assert_true(getters[i].is_got);
    }
}

static void token_cache__shares_a_failure_with_those_who_waited(void **state) {
    struct bench *b = *state;
    struct getter getters[8];
    assert_in_range(calls_of_eight_threads(b, 503, getters), 1, 2);
    for (size_t i = 0; i < 8; i++) {
        assert_false(getters[i].is_got);
        assert_string_equal(getters[i].err.reason, "http_503");
        assert_int_equal(getters[i].err.retry, ERR_RETRY_LATER);
    }
}

static void max_age__is_read_from_cache_control(void **state) {
    (void)state;
    static const struct {
        const char *value;
        int64_t seconds;
    } rows[] = {{"max-age=600", 600},
                {"public, MAX-AGE=864000", 864000},
                {"private, no-cache, max-age=600", 0},
                {"max-age=600, no-store", 0},
                {"max-age=x", -1},
                {"s-maxage=5", -1},
                {"", -1}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (lti_http_max_age_s(sv_from(rows[i].value)) != rows[i].seconds) {
            fail_msg("%s", rows[i].value);
        }
    }
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BENCH(token_request__sends_the_assertion_of_the_security_framework),
        WITH_BENCH(token_request__uses_the_registered_audience),
        WITH_BENCH(token_request__never_repeats_a_jti),
        WITH_BENCH(token_request__says_what_a_refusal_means),
        WITH_BENCH(token_reply__is_judged_strictly),
        WITH_BENCH(token_reply__refuses_10_mb),
        WITH_BENCH(token_cache__keeps_a_token_until_a_minute_before_its_end),
        WITH_BENCH(token_cache__keeps_apart_what_must_not_mix),
        WITH_BENCH(token_cache__does_not_keep_a_token_without_life),
        WITH_BENCH(token_cache__drops_only_the_token_named),
        WITH_BENCH(token_cache__asks_once_for_many_threads),
        WITH_BENCH(token_cache__shares_a_failure_with_those_who_waited),
        cmocka_unit_test(max_age__is_read_from_cache_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
