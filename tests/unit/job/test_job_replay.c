/* What stands between a reading and the network: what it keeps, gives again and refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_http.h"
#include "job_replay.h"

#define REST "https://lms.example/webservice/rest/server.php"

struct bench {
    struct arena arena;
    struct fake_http http;
    struct job_replay replay;
    struct job_replay *earlier; /* whose pages are found again */
    atomic_bool is_stopping;
    struct net_response response;
    struct err err;
};

static bool find(void *ctx, const unsigned char key[32], struct arena *a, struct sv *reply,
                 struct err *err) {
    const struct job_replay *earlier = ctx;
    (void)err;
    *reply = sv_of(NULL, 0);
    for (size_t i = 0; i < earlier->count; i++) {
        if (memcmp(earlier->pages[i].key, key, 32) == 0) {
            *reply = sv_copy(a, earlier->pages[i].reply);
        }
    }
    return true;
}

static void open_with(struct bench *b, const struct fake_reply *replies, size_t count,
                      struct job_replay *earlier) {
    memset(b, 0, sizeof *b); /* too large for a stack */
    b->http.replies = replies;
    b->http.reply_count = count;
    b->replay = (struct job_replay){.under = {.fetch = fake_fetch, .ctx = &b->http},
                                    .is_stopping = &b->is_stopping,
                                    .reads_by_post = SV(REST),
                                    .parallel = 1,
                                    .find = earlier == NULL ? NULL : find,
                                    .find_ctx = earlier,
                                    .kept_count = earlier == NULL ? 0 : earlier->count};
    job_replay_init(&b->replay);
}

static void close_bench(struct bench *b) {
    job_replay_release(&b->replay);
    arena_release(&b->arena);
}

static bool ask(struct bench *b, enum net_method method, const char *url, const char *body) {
    struct lti_http http = job_replay_http(&b->replay);
    const struct net_request q = {.method = method, .url = sv_from(url), .body = sv_from(body)};
    b->err = (struct err){0};
    b->response = (struct net_response){0};
    return http.fetch(http.ctx, &q, &b->response, &b->arena, &b->err);
}

static bool get(struct bench *b, const char *url) { return ask(b, NET_GET, url, ""); }

static const struct err broken = {.code = ERR_UPSTREAM, .reason = "truncated"};

static void job_replay__answers_what_an_earlier_run_was_answered(void **state) {
    (void)state;
    const struct fake_reply first[] = {{200, "[1]", "<https://c.example/2>; rel=\"next\"", 0},
                                       {200, "[2]", NULL, 0},
                                       {503, "busy", NULL, 0}};
    const struct fake_reply rest[] = {{200, "[3]", NULL, 0}};
    static struct bench one;
    static struct bench two;
    struct sv link = {0};
    open_with(&one, first, ARRAY_LEN(first), NULL);
    assert_true(get(&one, "https://c.example/1") && !one.response.is_kept);
    assert_true(get(&one, "https://c.example/2") && get(&one, "https://c.example/3"));
    assert_int_equal(one.response.status, 503);
    assert_int_equal(one.replay.count, 2);
    open_with(&two, rest, 1, &one.replay);
    assert_true(get(&two, "https://c.example/1") && two.response.is_kept);
    assert_int_equal(two.response.status, 200);
    assert_true(sv_eq(two.response.body, SV("[1]")));
    assert_true(net_response_header(&two.response, SV("link"), 0, &link));
    assert_true(sv_eq(link, SV("<https://c.example/2>; rel=\"next\"")));
    assert_true(get(&two, "https://c.example/2") && sv_eq(two.response.body, SV("[2]")));
    assert_int_equal(two.http.requests, 0);
    assert_true(get(&two, "https://c.example/3") && sv_eq(two.response.body, SV("[3]")));
    assert_int_equal(two.http.requests, 1);
    assert_int_equal(two.replay.replayed, 2);
    assert_int_equal(two.replay.count, 1); /* only what is new is kept anew */
    close_bench(&one);
    close_bench(&two);
}

static void job_replay__tells_requests_apart_by_method_address_and_body(void **state) {
    (void)state;
    const struct fake_reply first[] = {{200, "{\"a\":1}", NULL, 0}};
    const struct fake_reply rest[] = {{200, "{\"b\":2}", NULL, 0}};
    static struct bench one;
    static struct bench two;
    open_with(&one, first, 1, NULL);
    assert_true(ask(&one, NET_POST, REST, "wstoken=s3cr3t&wsfunction=f"));
    open_with(&two, rest, 1, &one.replay);
    assert_true(ask(&two, NET_POST, REST, "wstoken=s3cr3t&wsfunction=f") && two.response.is_kept);
    assert_true(ask(&two, NET_POST, REST, "wstoken=s3cr3t&wsfunction=g") && !two.response.is_kept);
    assert_true(get(&two, REST) && !two.response.is_kept);
    /* and nothing of the request is in what is kept */
    AUTO_ARENA a = {0};
    struct net_response out = {0};
    struct err err = {0};
    assert_true(job_reply_unpack(one.replay.pages[0].reply, &a, &out, &err));
    assert_true(sv_eq(out.body, SV("{\"a\":1}")));
    close_bench(&one);
    close_bench(&two);
}

static void job_replay__forgets_what_was_of_no_use(void **state) {
    (void)state;
    const struct fake_reply first[] = {{200, "[1]", NULL, 0},
                                       {200, "[2]", NULL, 0},
                                       {200, "<html>", NULL, 0},
                                       {200, "<html>", NULL, 0},
                                       {200, "<html>", NULL, 0}};
    const struct fake_reply rest[] = {{200, "[3]", NULL, 0}};
    static struct bench one;
    static struct bench two;
    open_with(&one, first, ARRAY_LEN(first), NULL);
    assert_true(get(&one, "https://c.example/1") && get(&one, "https://c.example/2"));
    for (int i = 0; i < 3; i++) { /* a source that tries again */
        assert_true(get(&one, "https://c.example/3"));
    }
    assert_int_equal(one.replay.count, 3);
    assert_int_equal(job_replay_good(&one.replay, &broken), 2);
    open_with(&two, rest, 1, &one.replay); /* which has it all the same */
    assert_true(get(&two, "https://c.example/3") && two.response.is_kept);
    assert_true(get(&two, "https://c.example/3") && !two.response.is_kept);
    assert_true(sv_eq(two.response.body, SV("[3]")));
    close_bench(&one);
    close_bench(&two);
}

/* Asks for /1 to /N, some at once; remembers what each was told. */
struct list {
    size_t asked, count, stop_after, answered;
    char bodies[8][16];
    bool was_kept[8];
};

static bool list_next(void *ctx, struct arena *a, struct net_request *q, size_t *tag) {
    struct list *l = ctx;
    if (l->asked == l->count) {
        return false;
    }
    *tag = l->asked++;
    *q = (struct net_request){.method = NET_GET,
                              .url = sv_printf(a, "https://c.example/%zu", *tag + 1)};
    return true;
}

static bool list_done(void *ctx, size_t tag, struct arena *a, const struct net_response *response,
                      const struct err *failed, struct err *err) {
    struct list *l = ctx;
    (void)a;
    l->answered++;
    (void)snprintf(l->bodies[tag], sizeof l->bodies[tag], "%.*s",
                   failed != NULL ? 1 : (int)response->body.len,
                   failed != NULL ? "!" : response->body.ptr);
    l->was_kept[tag] = failed == NULL && response->is_kept;
    return l->answered != l->stop_after || err_because(err, ERR_UPSTREAM, "enough", "enough");
}

static bool ask_all(struct bench *b, struct list *l) {
    struct lti_http http = job_replay_http(&b->replay);
    const struct net_many many = {.parallel = 4, .next = list_next, .done = list_done, .ctx = l};
    b->err = (struct err){0};
    return lti_http_fetch_all(&http, &many, &b->err);
}

static void job_replay__stands_between_many_at_once_too(void **state) {
    (void)state;
    const struct fake_reply first[] = {
        {200, "[1]", NULL, 0}, {200, "[2]", NULL, 0}, {503, "busy", NULL, 0}};
    const struct fake_reply rest[] = {{200, "[3]", NULL, 0}, {200, "[4]", NULL, 0}};
    static struct bench one;
    static struct bench two;
    struct list whole = {.count = 3};
    struct list again = {.count = 4};
    open_with(&one, first, ARRAY_LEN(first), NULL);
    assert_true(ask_all(&one, &whole));
    assert_int_equal(one.replay.count, 2);
    open_with(&two, rest, ARRAY_LEN(rest), &one.replay);
    assert_true(ask_all(&two, &again));
    assert_int_equal(two.http.requests, 2);
    assert_int_equal(two.replay.replayed, 2);
    for (size_t i = 0; i < 4; i++) {
        char want[16];
        (void)snprintf(want, sizeof want, "[%zu]", i + 1);
        assert_string_equal(again.bodies[i], want);
        assert_int_equal(again.was_kept[i], i < 2);
    }
    close_bench(&one);
    close_bench(&two);
}

static void job_replay__breaks_many_off_when_the_worker_ends_or_the_reader_does(void **state) {
    (void)state;
    const struct fake_reply first[] = {{200, "[1]", NULL, 0}, {200, "[2]", NULL, 0}};
    static struct bench one;
    static struct bench two;
    struct list whole = {.count = 2};
    struct list cut = {.count = 4, .stop_after = 1};
    struct list none = {.count = 4};
    open_with(&one, first, ARRAY_LEN(first), NULL);
    assert_true(ask_all(&one, &whole));
    open_with(&two, first, ARRAY_LEN(first), &one.replay);
    assert_false(ask_all(&two, &cut)); /* by an answer that was kept */
    assert_string_equal(two.err.reason, "enough");
    assert_int_equal(cut.answered, 1);
    atomic_store(&two.is_stopping, true);
    assert_false(ask_all(&two, &none));
    assert_string_equal(two.err.reason, "stopping");
    assert_int_equal(two.err.retry, ERR_RETRY_LATER);
    assert_int_equal(none.answered, 0);
    close_bench(&one);
    close_bench(&two);
}

static void job_replay__keeps_no_tokens_nor_anything_that_writes(void **state) {
    (void)state;
    const struct fake_reply replies[] = {{200, "{}", NULL, 0}};
    static struct bench b;
    open_with(&b, replies, 1, NULL);
    assert_true(ask(&b, NET_POST, "https://lms.example/token", "grant_type=client_credentials"));
    assert_true(ask(&b, NET_POST, "https://lms.example/scores", "{}"));
    assert_true(ask(&b, NET_PUT, "https://lms.example/lineitem", "{}"));
    assert_int_equal(b.replay.count, 0);
    assert_true(get(&b, "https://lms.example/results"));
    assert_int_equal(b.replay.count, 1);
    close_bench(&b);
}

static void job_replay__keeps_no_more_than_it_may(void **state) {
    (void)state;
    static char noise[64 << 10];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof noise; i++) { /* does not deflate */
        x = x * 1664525U + 1013904223U;
        noise[i] = (char)(x >> 24);
    }
    const struct fake_reply replies[] = {{200, noise, NULL, sizeof noise}};
    static struct bench b;
    open_with(&b, replies, 1, NULL);
    b.replay.kept_bytes = JOB_REPLAY_BYTES_MAX - sizeof noise - 500;
    assert_true(get(&b, "https://c.example/1") && get(&b, "https://c.example/2"));
    assert_int_equal(b.replay.count, 1);
    b.replay.kept_bytes = 0;
    b.replay.kept_count = JOB_REPLAY_PAGES_MAX - 1;
    assert_true(get(&b, "https://c.example/3"));
    assert_int_equal(b.replay.count, 1);
    close_bench(&b);
}

static void job_replay_good__leaves_out_what_could_not_be_read(void **state) {
    (void)state;
    const struct fake_reply replies[] = {
        {200, "[1]", NULL, 0}, {200, "[2]", NULL, 0}, {200, "[3", NULL, 0}, {500, "", NULL, 0}};
    static struct bench b;
    open_with(&b, replies, ARRAY_LEN(replies), NULL);
    assert_true(get(&b, "https://c.example/1") && get(&b, "https://c.example/2"));
    assert_true(get(&b, "https://c.example/3"));
    assert_int_equal(job_replay_good(&b.replay, &broken), 2);
    b.replay.parallel = 2; /* it may be the one before */
    assert_int_equal(job_replay_good(&b.replay, &broken), 1);
    assert_true(get(&b, "https://c.example/4")); /* refused: the others were fine */
    assert_int_equal(job_replay_good(&b.replay, &broken), 3);
    close_bench(&b);
}

static void job_replay__asks_nothing_more_when_the_worker_ends(void **state) {
    (void)state;
    const struct fake_reply replies[] = {{200, "[1]", NULL, 0}};
    static struct bench b;
    open_with(&b, replies, 1, NULL);
    assert_true(get(&b, "https://c.example/1"));
    atomic_store(&b.is_stopping, true);
    usec_t began = clock_monotonic();
    assert_false(job_replay_pause(&b.replay, 4000));
    assert_true(clock_monotonic() - began < USEC_PER_S / 2);
    assert_false(get(&b, "https://c.example/2"));
    assert_string_equal(b.err.reason, "stopping");
    assert_int_equal(b.err.retry, ERR_RETRY_LATER);
    assert_int_equal(b.http.requests, 1);
    assert_int_equal(job_replay_good(&b.replay, &b.err), 1);
    close_bench(&b);
}

static void job_replay_pause__waits_a_little_and_gives_up_on_more(void **state) {
    (void)state;
    const struct fake_reply replies[] = {{200, "[1]", NULL, 0}};
    static struct bench b;
    open_with(&b, replies, 1, NULL);
    usec_t began = clock_monotonic();
    assert_true(job_replay_pause(&b.replay, 120));
    assert_true(clock_monotonic() - began >= (usec_t)120 * 1000);
    assert_true(get(&b, "https://c.example/1"));
    assert_false(job_replay_pause(&b.replay, JOB_REPLAY_PAUSE_MAX_MS + 1));
    assert_int_equal(b.replay.wanted_ms, JOB_REPLAY_PAUSE_MAX_MS + 1);
    assert_false(get(&b, "https://c.example/2")); /* whatever the source makes of it */
    assert_string_equal(b.err.reason, "pause");
    assert_int_equal(b.http.requests, 1);
    close_bench(&b);
}

static bool wants_pause(void *ctx, const struct net_request *q, struct net_response *out,
                        struct arena *a, struct err *err) {
    (void)ctx;
    (void)q;
    (void)err;
    *out = (struct net_response){
        .status = 429, .headers = ARENA_NEW(a, struct net_header), .header_count = 1};
    out->headers[0] = (struct net_header){SV("Retry-After"), SV("40")};
    return true;
}

static void job_replay__notes_how_long_a_host_wants_to_be_left_alone(void **state) {
    (void)state;
    static struct bench b;
    open_with(&b, NULL, 0, NULL);
    b.replay.under.fetch = wants_pause;
    assert_true(get(&b, "https://c.example/1"));
    assert_int_equal(b.replay.retry_after_s, 40);
    assert_true(b.replay.is_last_refused);
    close_bench(&b);
}

static void job_reply_unpack__takes_nothing_else(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const struct net_response response = {.status = 200, .body = SV("[]")};
    struct sv good = job_reply_pack(&response, &a);
    struct net_response out = {0};
    struct err err = {0};
    assert_true(job_reply_unpack(good, &a, &out, &err));
    for (size_t n = 0; n < good.len; n++) {
        assert_false(job_reply_unpack(sv_head(good, n), &a, &out, &err));
    }
    char *huge = arena_copy(&a, good.ptr, good.len);
    huge[0] = (char)0xff;
    assert_false(job_reply_unpack(sv_of(huge, good.len), &a, &out, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_replay__answers_what_an_earlier_run_was_answered),
        cmocka_unit_test(job_replay__tells_requests_apart_by_method_address_and_body),
        cmocka_unit_test(job_replay__forgets_what_was_of_no_use),
        cmocka_unit_test(job_replay__stands_between_many_at_once_too),
        cmocka_unit_test(job_replay__breaks_many_off_when_the_worker_ends_or_the_reader_does),
        cmocka_unit_test(job_replay__keeps_no_tokens_nor_anything_that_writes),
        cmocka_unit_test(job_replay__keeps_no_more_than_it_may),
        cmocka_unit_test(job_replay_good__leaves_out_what_could_not_be_read),
        cmocka_unit_test(job_replay__asks_nothing_more_when_the_worker_ends),
        cmocka_unit_test(job_replay_pause__waits_a_little_and_gives_up_on_more),
        cmocka_unit_test(job_replay__notes_how_long_a_host_wants_to_be_left_alone),
        cmocka_unit_test(job_reply_unpack__takes_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
