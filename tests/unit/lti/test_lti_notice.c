#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_http.h"
#include "lti_notice.h"
#include "support_launch.h"

#define DEPLOYMENT "57:8865aa05b4b79b64a91a86042e43af5ea8ae79eb"

/* A copy as Canvas announces it (PNS 1.0, 5; lti.md 9). */
static const char NOTICE[] =
    "{\"iss\":\"https://canvas.instructure.com\",\"aud\":\"10000000000042\","
    "\"azp\":\"10000000000042\",\"iat\":1760000000,\"exp\":1760003600,\"nonce\":\"n1\",\"" LTI
    "version\":\"1.3.0\",\"" LTI "deployment_id\":\"" DEPLOYMENT "\",\"" LTI
    "notice\":{\"id\":\"notice-1\",\"timestamp\":\"2025-10-09T08:53:20Z\","
    "\"type\":\"LtiContextCopyNotice\"},\"" LTI
    "context\":{\"id\":\"new\",\"title\":\"Biology 2\",\"label\":null},\"" LTI
    "origin_contexts\":[\"old\",7,\"\",\"older\"]}";

struct world {
    struct arena a;
    struct jose_key *key;
    struct lti_keysets *keys;
};
static struct world W;

static bool fetch_keys(void *ctx, struct sv url, struct arena *a, struct sv *body,
                       int64_t *max_age_s, struct err *err) {
    struct world *w = ctx;
    (void)url;
    (void)err;
    *max_age_s = -1;
    *body = launch_jwks(a, &w->key, 1);
    return true;
}

static int set_up(void **state) {
    (void)state;
    arena_init(&W.a);
    W.key = launch_key("k1");
    W.keys = lti_keysets_create(&(struct lti_keysets_config){.fetch = fetch_keys, .ctx = &W});
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lti_keysets_destroy(W.keys);
    jose_key_unref(W.key);
    arena_release(&W.a);
    return 0;
}

static struct sv token_of(const char *patch) {
    AUTO_JSON *base = launch_json(NOTICE);
    AUTO_JSON *delta = launch_json(patch == NULL ? "{}" : patch);
    AUTO_JSON *claims = launch_merge(base, delta);
    return launch_sign(&W.a, W.key, SV("{\"alg\":\"RS256\",\"kid\":\"k1\"}"),
                       js_dump(&W.a, claims));
}

static const char *verify(struct sv token, struct lti_notice *out) {
    static struct err err;
    err = (struct err){0};
    const struct lti_claims_check check = {
        .registration = &LAUNCH_REGISTRATION, .now = LAUNCH_NOW_S * USEC_PER_S, .leeway_s = 60};
    return lti_notice_verify(&W.a, W.keys, &check, token, out, &err) ? "" : err.reason;
}

static void verify__reads_a_copy(void **state) {
    (void)state;
    struct lti_notice n;
    assert_string_equal(verify(token_of(NULL), &n), "");
    assert_true(sv_eq(n.id, SV("notice-1")) && sv_eq(n.type, SV(LTI_NOTICE_COPY)));
    assert_true(sv_eq(n.deployment_id, SV(DEPLOYMENT)));
    assert_int_equal(n.expires_at_s, 1760003600);
    assert_true(sv_eq(n.context_id, SV("new")) && sv_eq(n.context_title, SV("Biology 2")));
    assert_int_equal(n.context_label.len, 0);
    assert_int_equal(n.origin_count, 2);
    assert_true(sv_eq(n.origins[0], SV("old")) && sv_eq(n.origins[1], SV("older")));
}

static void verify__gives_each_defect_its_reason(void **state) {
    (void)state;
    static const struct {
        const char *patch, *reason;
    } rows[] = {
        {"{\"iss\":\"https://canvas.instructure.com/\"}", "iss"},
        {"{\"aud\":\"x\"}", "aud"},
        {"{\"azp\":\"x\"}", "azp"},
        {"{\"exp\":1759999000}", "exp"},
        {"{\"iat\":1760000900}", "iat"},
        {"{\"iat\":1759910000}", "iat"}, /* over a day old: exp could not allow it either */
        {"{\"iat\":1759990000}", ""},    /* late, and still good */
        {"{\"" LTI "version\":\"1.2\"}", "version"},
        {"{\"" LTI "deployment_id\":\"\"}", "deployment"},
        {"{\"" LTI "message_type\":\"LtiResourceLinkRequest\"}", "message_type"},
        {"{\"" LTI "message_type\":\"LtiDeepLinkingRequest\"}", "message_type"},
        {"{\"" LTI "message_type\":7}", "message_type"},
        {"{\"" LTI "message_type\":\"LtiContextCopyNotice\"}", ""},
        {"{\"" LTI "notice\":null}", "notice"},
        {"{\"" LTI "notice\":[]}", "notice"},
        {"{\"" LTI "notice\":{\"id\":7}}", "notice"},
        {"{\"" LTI "notice\":{\"id\":\"\"}}", "notice"},
        {"{\"" LTI "notice\":{\"type\":null}}", "notice"},
        {"{\"" LTI "notice\":{\"timestamp\":\"today\"}}", "notice"},
        {"{\"" LTI "context\":null}", "notice"},
        {"{\"" LTI "context\":{\"id\":7}}", "notice"},
        {"{\"" LTI "context\":null,\"" LTI "notice\":{\"type\":\"LtiHelloWorldNotice\"}}", ""},
        {"{\"" LTI "origin_contexts\":{\"a\":1}}", ""},
    };
    struct lti_notice n;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *reason = verify(token_of(rows[i].patch), &n);
        if (strcmp(reason, rows[i].reason) != 0) {
            fail_msg("%s: \"%s\"", rows[i].patch, reason);
        }
    }
}

/* attacks.md F1 */
static void verify__takes_no_launch_and_no_other_key(void **state) {
    (void)state;
    struct lti_notice n;
    AUTO_JSON *launch = launch_claims(NULL);
    struct sv token =
        launch_sign(&W.a, W.key, SV("{\"alg\":\"RS256\",\"kid\":\"k1\"}"), js_dump(&W.a, launch));
    assert_string_equal(verify(token, &n), "notice");
    AUTO_JOSE_KEY *stranger = launch_key("k1");
    token = launch_sign(&W.a, stranger, SV("{\"alg\":\"RS256\",\"kid\":\"k1\"}"), SV(NOTICE));
    assert_string_equal(verify(token, &n), "signature");
    /* and a notice is no launch */
    struct err err = {0};
    struct lti_launch out;
    const struct lti_launch_check check = {.claims = launch_check(), .keys = W.keys};
    assert_false(
        lti_launch_verify(&W.a, &check, token_of("{\"nonce\":\"" LAUNCH_NONCE "\"}"), &out, &err));
    assert_string_equal(err.reason, "message_type");
}

static void sender__believes_nothing_but_reads_who_it_is_said_to_be(void **state) {
    (void)state;
    struct sv issuer = {0};
    struct sv client = {0};
    struct err err = {0};
    assert_true(
        lti_notice_sender(token_of("{\"aud\":[\"a\",\"b\"]}"), &W.a, &issuer, &client, &err));
    assert_true(sv_eq(issuer, LAUNCH_REGISTRATION.issuer) && sv_eq(client, SV("a")));
    static const struct {
        const char *patch, *reason;
    } rows[] = {{"{\"iss\":7}", "iss"}, {"{\"aud\":null}", "aud"}, {"{\"aud\":[]}", "aud"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        err = (struct err){0};
        assert_false(lti_notice_sender(token_of(rows[i].patch), &W.a, &issuer, &client, &err));
        assert_string_equal(err.reason, rows[i].reason);
    }
}

/* attacks.md F17 */
static void batch__takes_a_hundred_and_no_more(void **state) {
    (void)state;
    for (size_t n = LTI_NOTICES_MAX; n <= LTI_NOTICES_MAX + 1; n++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct sv *tokens = NULL;
        size_t count = 0;
        struct str body;
        str_init(&body, &a, LTI_NOTICE_BODY_MAX);
        for (size_t i = 0; i < n; i++) {
            str_add_c(&body, i == 0 ? "{\"notices\":[{\"jwt\":\"t\"}" : ",{\"jwt\":\"t\"}");
        }
        str_add_c(&body, "]}");
        bool is_read = lti_notice_batch_read(str_sv(&body), &a, &tokens, &count, &err);
        assert_int_equal(is_read, n == LTI_NOTICES_MAX);
        assert_string_equal(err.reason, is_read ? "" : "notices");
    }
}

#define SERVICE "https://sso.canvaslms.com/api/lti/notice-handlers/1"
#define OURS "https://badges.example/lti/notices"

static bool ask(struct fake_http *fake, bool *was_changed, struct err *err) {
    usec_t now = LAUNCH_NOW_S * USEC_PER_S;
    struct lti_tokens *tokens = lti_tokens_create();
    const struct lti_service service = {.registration = &LAUNCH_REGISTRATION,
                                        .deployment_id = SV(DEPLOYMENT),
                                        .http = {.fetch = fake_fetch, .ctx = fake},
                                        .signer = {fake_sign, NULL},
                                        .clock = {fake_now, &now},
                                        .tokens = tokens};
    const struct lti_notice_handler want = {
        .type = SV(LTI_NOTICE_COPY), .handler = SV(OURS), .batch_max = 10};
    bool is_ok = lti_notice_handler_set(&service, SV(SERVICE), &want, &W.a, was_changed, err);
    lti_tokens_destroy(tokens);
    return is_ok;
}

static void handler_set__changes_only_what_differs(void **state) {
    (void)state;
    static const struct {
        const char *have;
        bool is_changed;
    } rows[] = {
        {"{\"notice_handlers\":[{\"notice_type\":\"LtiContextCopyNotice\",\"handler\":\"" OURS
         "\"}]}",
         false},
        {"{\"notice_handlers\":[{\"notice_type\":\"LtiContextCopyNotice\",\"handler\":\"\"}]}",
         true},
        {"{\"notice_handlers\":[{\"notice_type\":\"LtiHelloWorldNotice\",\"handler\":\"" OURS
         "\"}]}",
         true},
        {"{\"notice_handlers\":[]}", true},
        {"{}", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_reply replies[] = {{.status = 200, .body = rows[i].have},
                                             {.status = 200, .body = "{}"}};
        struct fake_http fake = {.replies = replies, .reply_count = 2};
        struct err err = {0};
        bool was_changed = !rows[i].is_changed;
        assert_true(ask(&fake, &was_changed, &err));
        assert_int_equal(was_changed, rows[i].is_changed);
        assert_int_equal(fake.requests, rows[i].is_changed ? 2 : 1);
        if (rows[i].is_changed) {
            assert_int_equal(fake.seen[1].method, NET_PUT);
            assert_string_equal(fake.seen[1].url, SERVICE);
            assert_string_equal(fake.seen[1].body,
                                "{\"notice_type\":\"LtiContextCopyNotice\",\"handler\":\"" OURS
                                "\",\"max_batch_size\":10}");
        }
    }
}

static void handler_set__classes_what_goes_wrong(void **state) {
    (void)state;
    static const struct {
        struct fake_reply get, put;
        enum err_retry retry;
    } rows[] = {
        {{.status = 200, .body = "<html>"}, {.status = 200, .body = ""}, ERR_RETRY_LATER},
        {{.status = 200, .body = "[]"}, {.status = 200, .body = ""}, ERR_RETRY_LATER},
        {{.status = 403, .body = ""}, {.status = 200, .body = ""}, ERR_RETRY_PARK},
        {{.status = 503, .body = ""}, {.status = 200, .body = ""}, ERR_RETRY_LATER},
        {{.status = 200, .body = "{}"}, {.status = 400, .body = ""}, ERR_RETRY_NO},
        {{.status = 200, .body = "{}"}, {.status = 0, .body = ""}, ERR_RETRY_LATER},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_reply replies[] = {rows[i].get, rows[i].put};
        struct fake_http fake = {.replies = replies, .reply_count = 2};
        struct err err = {0};
        bool was_changed = false;
        if (ask(&fake, &was_changed, &err) || err.retry != rows[i].retry) {
            fail_msg("row %zu: %s", i, err.text);
        }
    }
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_WORLD(verify__reads_a_copy),
        WITH_WORLD(verify__gives_each_defect_its_reason),
        WITH_WORLD(verify__takes_no_launch_and_no_other_key),
        WITH_WORLD(sender__believes_nothing_but_reads_who_it_is_said_to_be),
        WITH_WORLD(batch__takes_a_hundred_and_no_more),
        WITH_WORLD(handler_set__changes_only_what_differs),
        WITH_WORLD(handler_set__classes_what_goes_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
