#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_http.h"
#include "lti_ags.h"

#define LQ "\xE2\x80\x9C"
#define RQ "\xE2\x80\x9D"
#define BASE "https://lms.example/mod/lti/services.php/2/lineitems"

static const struct model_registration moodle = {
    .id = 7,
    .issuer = SV("https://lms.example"),
    .client_id = SV("client-1"),
    .auth_url = SV("https://lms.example/auth"),
    .token_url = SV("https://lms.example/token"),
    .jwks_url = SV("https://lms.example/certs"),
};

struct bench {
    struct arena arena;
    struct fake_http fake;
    usec_t now;
    struct lti_service service;
    struct err err;
};

static int setup(void **state) {
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->now = INT64_C(1795452329) * USEC_PER_S;
    b->service = (struct lti_service){.registration = &moodle,
                                      .deployment_id = SV("1"),
                                      .http = {.fetch = fake_fetch, .ctx = &b->fake},
                                      .signer = {fake_sign, NULL},
                                      .clock = {fake_now, &b->now},
                                      .tokens = lti_tokens_create()};
    *state = b;
    return 0;
}

static int teardown(void **state) {
    struct bench *b = *state;
    lti_tokens_destroy(b->service.tokens);
    arena_release(&b->arena);
    free(b);
    return 0;
}

static void answers(struct bench *b, const struct fake_reply *replies, size_t count) {
    b->fake.replies = replies;
    b->fake.reply_count = count;
    b->fake.next = 0;
    b->fake.requests = 0;
    b->err = (struct err){0};
}

static void sub_url__goes_into_the_path(void **state) {
    static const struct {
        const char *lineitem, *scores; /* NULL: refused */
    } rows[] = {
        {BASE "/7/lineitem?type_id=3", BASE "/7/lineitem/scores?type_id=3"},
        {"https://c.example/api/lti/courses/55/line_items/9",
         "https://c.example/api/lti/courses/55/line_items/9/scores"},
        {"https://c.example/li/9/", "https://c.example/li/9/scores"},
        {"https://c.example/li/9/?a=b/c", "https://c.example/li/9/scores?a=b/c"},
        {"https://c.example/a%2Fb?x=%20y", "https://c.example/a%2Fb/scores?x=%20y"},
        {"https://c.example/9#part", "https://c.example/9/scores"},
        {"https://c.example/9?", "https://c.example/9/scores?"},
        {"not a url", NULL},
        {"https://user@c.example/9", NULL},
        {"file:///9", NULL},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sv url = {0};
        struct err err = {0};
        bool ok = lti_ags_sub_url(&b->arena, sv_from(rows[i].lineitem), SV("scores"), &url, &err);
        if (ok != (rows[i].scores != NULL) || (ok && !sv_eq(url, sv_from(rows[i].scores)))) {
            fail_msg("%s: \"%.*s\"", rows[i].lineitem, SV_ARG(url));
        }
    }
}

static void query_url__adds_with_the_right_mark(void **state) {
    static const struct {
        const char *url, *out;
    } rows[] = {
        {BASE "?type_id=1", BASE "?type_id=1&tag=a%26b%20c"},
        {BASE, BASE "?tag=a%26b%20c"},
        {BASE "?", BASE "?tag=a%26b%20c"},
        {BASE "?x=1&", BASE "?x=1&tag=a%26b%20c"},
        {BASE "#y", BASE "?tag=a%26b%20c"},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sv url = {0};
        assert_true(lti_ags_query_url(&b->arena, sv_from(rows[i].url), SV("tag"), SV("a&b c"), &url,
                                      &b->err));
        if (!sv_eq(url, sv_from(rows[i].out))) {
            fail_msg("%s: %.*s", rows[i].url, SV_ARG(url));
        }
    }
}

static bool find(struct bench *b, struct lti_lineitem *out, bool *is_found) {
    return lti_ags_find(&b->service, SV(BASE "?type_id=1"), SV("badge-1"), SV("laurel"), &b->arena,
                        out, is_found, &b->err);
}

static void find__asks_with_filters_and_one_media_type(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {{.status = 200, .body = "[]"}};
    struct lti_lineitem item;
    bool is_found = true;
    answers(b, replies, 1);
    assert_true(find(b, &item, &is_found));
    assert_false(is_found);
    assert_string_equal(b->fake.seen[0].url, BASE "?type_id=1&resource_id=badge-1&tag=laurel");
    assert_string_equal(b->fake.seen[0].accept,
                        "application/vnd.ims.lis.v2.lineitemcontainer+json");
    assert_string_equal(b->fake.seen[0].authorization, "Bearer T1");
}

static void find__follows_moodles_pages_and_ignores_foreign_columns(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200,
         .body = "[{\"id\":\"https:\\/\\/lms.example\\/6?type_id=1\",\"label\":\"Other\","
                 "\"scoreMaximum\":100,\"resourceId\":\"\",\"tag\":\"\"}]",
         .link = "<" BASE "?type_id=1&amp;limit=1&amp;from=0>; rel=" LQ "first" RQ ", <" BASE
                 "?type_id=1&amp;limit=1&amp;from=1>; rel=" LQ "next" RQ},
        {.status = 200,
         .body = "[{\"id\":\"https://lms.example/8?type_id=1\",\"label\":\"Badge\","
                 "\"scoreMaximum\":50.5,\"resourceId\":\"badge-1\",\"tag\":\"laurel\"},"
                 "{\"id\":\"https://lms.example/7?type_id=1\",\"label\":\"Twin\","
                 "\"scoreMaximum\":50,\"resourceId\":\"badge-1\",\"tag\":\"laurel\"},"
                 "{\"label\":\"no id\",\"resourceId\":\"badge-1\",\"tag\":\"laurel\"},"
                 "{\"id\":\"https://lms.example/9\",\"label\":\"x\",\"resourceId\":\"badge-1\"}]"}};
    struct lti_lineitem item;
    bool is_found = false;
    answers(b, replies, 2);
    assert_true(find(b, &item, &is_found));
    assert_true(is_found);
    assert_true(sv_eq(item.url, SV("https://lms.example/7?type_id=1")));
    assert_string_equal(b->fake.seen[1].url, BASE "?type_id=1&limit=1&from=1");
    assert_int_equal(b->fake.requests, 2);
}

static const char link_to_itself[] =
    "<" BASE "?type_id=1&resource_id=badge-1&tag=laurel>; rel=\"next\"";

/* attacks.md F4 */
static void pages__stay_on_their_server_and_end(void **state) {
    static const char *const links[] = {
        "<https://evil.example/next>; rel=\"next\"",
        "<http://lms.example/next>; rel=\"next\"",
        "<https://lms.example:8443/next>; rel=\"next\"",
        "<file:///etc/passwd>; rel=\"next\"",
        link_to_itself,
        "</relative>; rel=\"next\"",
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        const struct fake_reply replies[] = {{.status = 200, .body = "[]", .link = links[i]}};
        struct lti_lineitem item;
        bool is_found = false;
        answers(b, replies, 1);
        if (find(b, &item, &is_found) || strcmp(b->err.reason, "paging") != 0) {
            fail_msg("%s: %s", links[i], b->err.reason);
        }
        assert_int_equal(b->fake.requests, 1);
    }
}

/* attacks.md F4 */
static void pages__are_capped(void **state) {
    struct bench *b = *state;
    struct lti_pages pages;
    lti_pages_init(&pages, SV("https://lms.example/p?n=0"));
    for (int i = 1; i <= LTI_SERVICE_PAGES_MAX; i++) {
        struct net_header link = {
            SV("link"), sv_printf(&b->arena, "<https://lms.example/p?n=%d>; rel=next", i)};
        struct net_response response = {.headers = &link, .header_count = 1};
        bool ok = lti_pages_advance(&pages, &response, &b->arena, &b->err);
        if (ok != (i < LTI_SERVICE_PAGES_MAX)) {
            fail_msg("page %d", i);
        }
    }
    assert_string_equal(b->err.reason, "paging");
}

static void create__sends_no_resource_link(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200, .body = "[]"},
        {.status = 201,
         .body = "{\"id\":\"https://lms.example/12?type_id=1\",\"label\":\"Safe Lab\","
                 "\"scoreMaximum\":1,\"resourceId\":\"badge-1\",\"tag\":\"laurel\"}"}};
    const struct lti_lineitem_want want = {.label = SV("Safe Lab"),
                                           .maximum = dec_from_i64(1),
                                           .resource_id = SV("badge-1"),
                                           .tag = SV("laurel")};
    struct lti_lineitem item;
    bool is_created = false;
    answers(b, replies, 2);
    assert_true(lti_ags_find_or_create(&b->service, SV(BASE "?type_id=1"), &want, &b->arena, &item,
                                       &is_created, &b->err));
    assert_true(is_created);
    assert_true(sv_eq(item.url, SV("https://lms.example/12?type_id=1")));
    assert_int_equal(b->fake.seen[1].method, NET_POST);
    assert_string_equal(b->fake.seen[1].url, BASE "?type_id=1");
    assert_string_equal(b->fake.seen[1].content_type, "application/vnd.ims.lis.v2.lineitem+json");
    AUTO_JSON *sent = NULL;
    assert_true(js_parse(sv_from(b->fake.seen[1].body), 8192, "body", &sent, &b->err));
    assert_string_equal(json_string_value(json_object_get(sent, "label")), "Safe Lab");
    assert_true(json_number_value(json_object_get(sent, "scoreMaximum")) == 1.0);
    assert_string_equal(json_string_value(json_object_get(sent, "resourceId")), "badge-1");
    assert_null(json_object_get(sent, "resourceLinkId"));
}

static void list__falls_back_to_the_read_only_scope(void **state) {
    struct bench *b = *state;
    const struct fake_reply tokens[] = {
        {.status = 400, .body = "{\"error\":\"invalid_scope\"}"},
        {.status = 200, .body = "{\"access_token\":\"R\",\"expires_in\":3600}"}};
    const struct fake_reply replies[] = {{.status = 200, .body = "[]"}};
    struct lti_lineitem *items = NULL;
    size_t count = 1;
    answers(b, replies, 1);
    b->fake.tokens = tokens;
    b->fake.token_count = 2;
    assert_true(lti_ags_list(&b->service, SV(BASE), &b->arena, &items, &count, &b->err));
    assert_int_equal(count, 0);
    assert_non_null(strstr(b->fake.token_body, "lineitem.readonly"));
}

static void delete__counts_gone_as_done(void **state) {
    static const struct {
        int status;
        bool is_done;
    } rows[] = {{204, true}, {200, true}, {404, true}, {401, false}, {500, false}};
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_reply replies[] = {{.status = rows[i].status, .body = ""}};
        answers(b, replies, 1);
        bool ok = lti_ags_delete(&b->service, SV(BASE "/7/lineitem?type_id=1"), &b->arena, &b->err);
        assert_int_equal(ok, rows[i].is_done);
        assert_int_equal(b->fake.seen[0].method, NET_DELETE);
    }
}

static struct lti_score score_of(const char *comment) {
    struct dec given;
    assert_true(dec_parse(SV("8.33"), &given));
    return (struct lti_score){.user_id = SV("4"),
                              .at = INT64_C(1795452329) * USEC_PER_S + 250000,
                              .given = given,
                              .maximum = dec_from_i64(10),
                              .comment = sv_from(comment)};
}

static void score_json__is_one_compact_ascii_line(void **state) {
    struct bench *b = *state;
    struct lti_score score = score_of("Badge \xC3\xBC\nawarded");
    struct sv text;
    assert_true(lti_ags_score_json(&score, &b->arena, &text, &b->err));
    /* 1795452329 is 2026-11-23T16:45:29Z: 20780 days and 60329 seconds after 1970. */
    assert_true(sv_eq(
        text, SV("{\"userId\":\"4\",\"timestamp\":\"2026-11-23T16:45:29.250Z\","
                 "\"activityProgress\":\"Completed\",\"gradingProgress\":\"FullyGraded\","
                 "\"scoreGiven\":8.33,\"scoreMaximum\":10.0,"
                 "\"comment\":\"Badge \\u00FC\\nawarded\","
                 "\"https://canvas.instructure.com/lti/submission\":{\"new_submission\":false}}")));
}

static void score_json__refuses_what_would_clear_a_grade(void **state) {
    struct bench *b = *state;
    struct sv text;
    struct lti_score rows[4];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        rows[i] = score_of("");
    }
    rows[0].user_id = SV("");
    rows[1].given = dec_from_i64(-1);
    rows[2].maximum = dec_from_i64(0);
    rows[3].at = -1;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        assert_false(lti_ags_score_json(&rows[i], &b->arena, &text, &err));
        assert_int_equal(err.code, ERR_BUG);
    }
}

static void score_post__tells_outcomes_apart(void **state) {
    static const struct {
        int status;
        const char *body;
        const char *outcome; /* NULL: an error, with this retry */
        enum err_retry retry;
    } rows[] = {
        {200, "", "stored", 0},
        {204, "", "stored", 0},
        {201, "\r\n", "stored", 0},
        {200, "{\"resultUrl\":\"https://c.example/results/1\"}", "stored", 0},
        {200, "{\"resultUrl\":\"u\",\"https://x\":{}}", "stored", 0},
        {200, "[]", "refused", 0}, /* Moodle: the refusal lost its status line */
        {200, "[ ]\n", "refused", 0},
        {200, "{\"status\":400,\"reason\":\"Bad\"}", "refused", 0},
        {200, "<html>maintenance</html>", NULL, ERR_RETRY_LATER},
        {409, "[]", "stale", 0},
        {404, "", "gone", 0},
        {400, "[]", "refused", 0},
        {403, "", "refused", 0},
        {412, "", "refused", 0},
        {422, "", "refused", 0},
        {405, "", "refused", 0},
        {403, "403 Forbidden (Rate Limit Exceeded)", NULL, ERR_RETRY_LATER},
        {401, "", NULL, ERR_RETRY_PARK},
        {429, "", NULL, ERR_RETRY_LATER},
        {500, "", NULL, ERR_RETRY_LATER},
        {500, "[]", NULL, ERR_RETRY_PARK}, /* Moodle: the column is locked */
        {503, "", NULL, ERR_RETRY_LATER},
        {0, "", NULL, ERR_RETRY_LATER},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_reply replies[] = {{.status = rows[i].status, .body = rows[i].body}};
        const struct lti_score score = score_of("Badge");
        struct lti_score_reply reply;
        answers(b, replies, 1);
        bool ok = lti_ags_score_post(&b->service, SV(BASE "/7/lineitem?type_id=3"), &score,
                                     &b->arena, &reply, &b->err);
        if (ok != (rows[i].outcome != NULL) || reply.status != rows[i].status ||
            (ok && strcmp(lti_score_outcome_name(reply.outcome), rows[i].outcome) != 0) ||
            (!ok && b->err.retry != rows[i].retry)) {
            fail_msg("%d %s: %s (%d) %s", rows[i].status, rows[i].body,
                     ok ? lti_score_outcome_name(reply.outcome) : "error", reply.status,
                     b->err.text);
        }
    }
    assert_string_equal(b->fake.seen[0].url, BASE "/7/lineitem/scores?type_id=3");
    assert_string_equal(b->fake.seen[0].content_type, "application/vnd.ims.lis.v1.score+json");
    assert_string_equal(b->fake.seen[0].accept, "");
}

/* Moodle's shape (moodle.md 3.2), Canvas's (lti.md 4.7), and what neither should send. */
static void score_post__keeps_the_platforms_reason_short_and_on_one_line(void **state) {
    static const struct {
        int status;
        const char *body, *reason;
    } rows[] = {
        {400, "{\"status\":400,\"reason\":\"Incorrect score received\"}",
         "Incorrect score received"},
        {200, "{\"status\":400,\"reason\":\"Bad\"}", "Bad"},
        {422,
         "{\"errors\":{\"type\":\"unprocessable_entity\",\"message\":\"User not found in "
         "course\"}}",
         "User not found in course"},
        {422, "{\"errors\":[{\"message\":\"Course has concluded\"}]}", "Course has concluded"},
        {422, "{\"error\":\"two\\nlines\\u0001\"}", "two lines "},
        {422, "{\"reason\":17,\"message\":{}}", ""},
        {422, "<html>no</html>", ""},
        {422, "[]", ""},
    };
    struct bench *b = *state;
    const struct lti_score score = score_of("Badge");
    struct lti_score_reply reply;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_reply replies[] = {{.status = rows[i].status, .body = rows[i].body}};
        answers(b, replies, 1);
        assert_true(lti_ags_score_post(&b->service, SV(BASE "/7/lineitem"), &score, &b->arena,
                                       &reply, &b->err));
        assert_int_equal(reply.outcome, LTI_SCORE_REFUSED);
        if (!sv_eq(reply.reason, sv_from(rows[i].reason))) {
            fail_msg("%s: \"%.*s\"", rows[i].body, SV_ARG(reply.reason));
        }
    }
    char body[1200];
    (void)snprintf(body, sizeof body, "{\"reason\":\"%0900d\"}", 7);
    const struct fake_reply longest[] = {{.status = 422, .body = body}};
    answers(b, longest, 1);
    assert_true(lti_ags_score_post(&b->service, SV(BASE "/7/lineitem"), &score, &b->arena, &reply,
                                   &b->err));
    assert_int_equal(reply.reason.len, LTI_SCORE_REASON_MAX);
}

/* attacks.md E9 */
static void is_under__takes_this_lists_columns_only(void **state) {
    static const struct {
        const char *list, *item;
        bool is_under;
    } rows[] = {
        {BASE "?type_id=1", BASE "/7/lineitem?type_id=1", true}, /* Moodle */
        {"https://c.example/api/lti/courses/55/line_items",
         "https://c.example/api/lti/courses/55/line_items/9", true}, /* Canvas */
        {"https://c.example/lineitems/", "https://c.example/lineitems/9", true},
        {"https://C.example:443/lineitems", "https://c.example/lineitems/9", true},
        {BASE "?type_id=1", BASE "?type_id=1", false},
        {BASE, BASE "/", false},
        {BASE, "https://lms.example/mod/lti/services.php/3/lineitems/7/lineitem", false},
        {BASE, BASE "-of-others/7", false},
        {BASE, BASE "/../../3/lineitems/7", false},
        {BASE, BASE "/%2E%2e/3", false},
        {BASE, "https://evil.example/mod/lti/services.php/2/lineitems/7", false},
        {BASE, "http://lms.example/mod/lti/services.php/2/lineitems/7", false},
        {BASE, "https://lms.example:8443/mod/lti/services.php/2/lineitems/7", false},
        {BASE, "https://lms.example/?x=/mod/lti/services.php/2/lineitems/7", false},
        {BASE, "", false},
        {"", BASE "/7", false},
        {"https://c.example", "https://c.example/9", false}, /* a list has a path */
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (lti_ags_is_under(&b->arena, sv_from(rows[i].list), sv_from(rows[i].item)) !=
            rows[i].is_under) {
            fail_msg("%s under %s", rows[i].item, rows[i].list);
        }
    }
}

static const struct lti_lineitem_want renamed = {.label = SV("New name"),
                                                 .maximum = {.mantissa = 1, .scale = 0},
                                                 .resource_id = SV("badge-1"),
                                                 .tag = SV("laurel-badge")};

static void update__changes_the_label_and_keeps_all_else(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200,
         .body =
             "{\"id\":\"" BASE "/7/lineitem\",\"label\":\"Old name\",\"scoreMaximum\":1.0,"
             "\"resourceId\":\"theirs\",\"tag\":\"\",\"resourceLinkId\":\"5\",\"ltiLinkId\":\"5\","
             "\"https://x.example/ext\":{\"deep\":[1,null]},\"endDateTime\":null}"},
        {.status = 200, .body = "{}"}};
    bool was_changed = false;
    answers(b, replies, 2);
    assert_true(lti_ags_update(&b->service, SV(BASE "/7/lineitem"), &renamed, &b->arena,
                               &was_changed, &b->err));
    assert_true(was_changed);
    assert_string_equal(b->fake.seen[0].accept, "application/vnd.ims.lis.v2.lineitem+json");
    assert_int_equal(b->fake.seen[1].method, NET_PUT);
    assert_string_equal(b->fake.seen[1].url, BASE "/7/lineitem");
    assert_string_equal(b->fake.seen[1].content_type, "application/vnd.ims.lis.v2.lineitem+json");
    AUTO_JSON *sent = json_loads(b->fake.seen[1].body, 0, NULL);
    AUTO_JSON *want = json_loads(
        "{\"id\":\"" BASE "/7/lineitem\",\"label\":\"New name\",\"scoreMaximum\":1.0,"
        "\"resourceId\":\"theirs\",\"tag\":\"laurel-badge\",\"resourceLinkId\":\"5\","
        "\"ltiLinkId\":\"5\",\"https://x.example/ext\":{\"deep\":[1,null]},\"endDateTime\":null}",
        0, NULL);
    if (json_equal(sent, want) != 1) {
        fail_msg("sent %s", b->fake.seen[1].body);
    }
}

static void update__sends_nothing_when_all_is_right(void **state) {
    struct bench *b = *state;
    const struct fake_reply replies[] = {
        {.status = 200, .body = "{\"id\":\"u\",\"label\":\"New name\",\"scoreMaximum\":1}"}};
    bool was_changed = true;
    answers(b, replies, 1);
    assert_true(lti_ags_update(&b->service, SV(BASE "/7/lineitem"), &renamed, &b->arena,
                               &was_changed, &b->err));
    assert_false(was_changed);
    assert_int_equal(b->fake.requests, 1);
}

static void update__says_what_became_of_the_column(void **state) {
    static const struct {
        struct fake_reply get, put;
        enum err_code code;
    } rows[] = {
        {{.status = 404, .body = ""}, {.status = 200, .body = ""}, ERR_NOT_FOUND},
        {{.status = 200, .body = "<html>"}, {.status = 200, .body = ""}, ERR_UPSTREAM},
        {{.status = 200, .body = "[]"}, {.status = 200, .body = ""}, ERR_UPSTREAM},
        {{.status = 200, .body = "{\"label\":\"Old\"}"},
         {.status = 404, .body = ""},
         ERR_NOT_FOUND},
        {{.status = 200, .body = "{\"label\":\"Old\"}"}, {.status = 403, .body = ""}, ERR_DENIED},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_reply replies[] = {rows[i].get, rows[i].put};
        bool was_changed = true;
        answers(b, replies, 2);
        bool is_ok = lti_ags_update(&b->service, SV(BASE "/7/lineitem"), &renamed, &b->arena,
                                    &was_changed, &b->err);
        if (is_ok || was_changed || b->err.code != rows[i].code) {
            fail_msg("row %zu: %s", i, b->err.text);
        }
    }
}

static void next_timestamp__is_a_whole_second_later(void **state) {
    (void)state;
    static const struct {
        usec_t event, last, next;
    } rows[] = {{5000000, 0, 5000000},         {5000000, 3000000, 5000000},
                {5000000, 4000000, 5000000},   {5000000, 4000001, 5000001},
                {5000000, 5000000, 6000000},   {5000000, 9000000, 10000000},
                {11000000, 10900000, 11900000}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(lti_ags_next_timestamp(rows[i].event, rows[i].last) == rows[i].next);
    }
}

static void results__reads_what_moodle_and_canvas_say(void **state) {
    struct bench *b = *state;
    struct lti_result *r = NULL;
    size_t count = 0;
    const struct fake_reply replies[] = {
        {.status = 200,
         .body = "[{\"id\":\"u\",\"userId\":\"4\",\"resultScore\":30,\"resultMaximum\":60,"
                 "\"comment\":\"x\",\"scoreOf\":\"l\",\"timestamp\":\"2026-11-23T16:49:38+00:00\"},"
                 "{\"id\":\"u\",\"userId\":\"5\"},"
                 "{\"id\":\"u\",\"userId\":\"6\",\"resultScore\":null},"
                 "{\"id\":\"u\",\"userId\":\"7\",\"resultScore\":0.83},"
                 "{\"id\":\"u\"}, 17]"}};
    answers(b, replies, 1);
    assert_true(lti_ags_results(&b->service, SV(BASE "/7/lineitem?type_id=3"), &b->arena, &r,
                                &count, &b->err));
    /* never a limit: it breaks Moodle (moodle.md 0.2) */
    assert_string_equal(b->fake.seen[0].url, BASE "/7/lineitem/results?type_id=3");
    assert_int_equal(count, 4);
    assert_true(r[0].has_score && dec_cmp(r[0].score, dec_from_i64(30)) == 0);
    assert_true(dec_cmp(r[0].maximum, dec_from_i64(60)) == 0);
    assert_true(r[0].at == INT64_C(1795452578) * USEC_PER_S);
    assert_false(r[1].has_score);
    assert_false(r[2].has_score);
    assert_true(r[3].has_score && dec_cmp(r[3].maximum, dec_from_i64(1)) == 0);
}

static void service__takes_one_new_token_on_401(void **state) {
    struct bench *b = *state;
    const struct fake_reply once[] = {{.status = 401, .body = ""}, {.status = 200, .body = "[]"}};
    const struct fake_reply always[] = {{.status = 401, .body = ""}};
    struct lti_lineitem item;
    bool is_found = false;
    answers(b, once, 2);
    assert_true(find(b, &item, &is_found));
    assert_string_equal(b->fake.seen[0].authorization, "Bearer T1");
    assert_string_equal(b->fake.seen[1].authorization, "Bearer T2");
    answers(b, always, 1);
    assert_false(find(b, &item, &is_found));
    assert_int_equal(b->fake.requests, 2); /* F7: no loop */
    assert_int_equal(b->err.code, ERR_DENIED);
    assert_int_equal(b->err.retry, ERR_RETRY_PARK);
}

static void service__gives_the_token_to_the_registrations_hosts_only(void **state) {
    static const struct {
        const char *issuer, *token_url, *url;
        bool is_allowed;
    } rows[] = {
        {"https://lms.example", "https://lms.example/token", "https://lms.example/x", true},
        {"https://lms.example", "https://auth.example/token", "https://auth.example/x", true},
        {"https://lms.example", "https://lms.example/token", "https://evil.example/", false},
        {"https://lms.example", "https://lms.example/token", "http://lms.example/x", false},
        {"https://lms.example", "https://lms.example/token", "https://lms.example:444/x", false},
        {"https://lms.example", "https://lms.example/token", "https://lms.example.evil.example/",
         false},
        {"https://lms.example", "https://lms.example/token", "https://lms.example@evil.example/",
         false},
        {"https://canvas.instructure.com", "https://sso.canvaslms.com/login/oauth2/token",
         "https://school.instructure.com/api/lti/courses/1/line_items", true},
        {"https://canvas.instructure.com", "https://sso.canvaslms.com/login/oauth2/token",
         "https://instructure.com.evil.example/", false},
        {"https://canvas.instructure.com", "https://sso.canvaslms.com/login/oauth2/token",
         "https://evilinstructure.com/", false},
        {"https://lms.example", "https://lms.example/token", "https://school.instructure.com/",
         false},
        {"urn:lms", "https://lms.example/token", "https://lms.example/x", true},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct model_registration r = {.issuer = sv_from(rows[i].issuer),
                                             .token_url = sv_from(rows[i].token_url)};
        const struct lti_service service = {.registration = &r};
        struct err err = {0};
        bool ok = lti_service_may_call(&service, &b->arena, sv_from(rows[i].url), &err);
        if (ok != rows[i].is_allowed || (!ok && err.retry != ERR_RETRY_PARK)) {
            fail_msg("%s for %s: %s", rows[i].url, rows[i].issuer, err.text);
        }
    }
    struct lti_lineitem item;
    b->err = (struct err){0};
    assert_false(lti_ags_read(&b->service, SV("https://evil.example/1"), &b->arena, &item,
                              &b->err)); /* F2 */
    assert_int_equal(b->fake.requests + b->fake.token_requests, 0);
}

/* attacks.md F6 */
static void service__does_not_call_without_the_scope(void **state) {
    struct bench *b = *state;
    const struct fake_reply tokens[] = {
        {.status = 200,
         .body = "{\"access_token\":\"R\",\"expires_in\":3600,\"scope\":\"" LTI_SCOPE_SCORE "\"}"}};
    const struct fake_reply replies[] = {{.status = 200, .body = ""}};
    struct lti_lineitem item;
    answers(b, replies, 1);
    b->fake.tokens = tokens;
    b->fake.token_count = 1;
    assert_false(lti_ags_read(&b->service, SV(BASE "/1"), &b->arena, &item, &b->err));
    assert_string_equal(b->err.reason, "scope");
    assert_int_equal(b->err.retry, ERR_RETRY_PARK);
    assert_int_equal(b->fake.requests, 0);
}

static void service_check__gives_each_status_its_meaning(void **state) {
    (void)state;
    static const struct {
        int status;
        enum err_code code;
        enum err_retry retry;
    } rows[] = {{400, ERR_UPSTREAM, ERR_RETRY_NO},    {401, ERR_DENIED, ERR_RETRY_PARK},
                {403, ERR_DENIED, ERR_RETRY_PARK},    {404, ERR_NOT_FOUND, ERR_RETRY_NO},
                {405, ERR_UPSTREAM, ERR_RETRY_NO},    {409, ERR_CONFLICT, ERR_RETRY_NO},
                {412, ERR_DENIED, ERR_RETRY_PARK},    {415, ERR_UPSTREAM, ERR_RETRY_NO},
                {422, ERR_INPUT, ERR_RETRY_LATER},    {429, ERR_UPSTREAM, ERR_RETRY_LATER},
                {500, ERR_UPSTREAM, ERR_RETRY_LATER}, {302, ERR_UPSTREAM, ERR_RETRY_NO}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct net_response response = {.status = rows[i].status};
        struct err err = {0};
        assert_false(lti_service_check(&response, "reading", &err));
        if (err.code != rows[i].code || err.retry != rows[i].retry) {
            fail_msg("%d: %s %d", rows[i].status, err_code_name(err.code), (int)err.retry);
        }
    }
}

#define WITH_BENCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_BENCH(sub_url__goes_into_the_path),
        WITH_BENCH(query_url__adds_with_the_right_mark),
        WITH_BENCH(find__asks_with_filters_and_one_media_type),
        WITH_BENCH(find__follows_moodles_pages_and_ignores_foreign_columns),
        WITH_BENCH(pages__stay_on_their_server_and_end),
        WITH_BENCH(pages__are_capped),
        WITH_BENCH(create__sends_no_resource_link),
        WITH_BENCH(list__falls_back_to_the_read_only_scope),
        WITH_BENCH(delete__counts_gone_as_done),
        WITH_BENCH(score_json__is_one_compact_ascii_line),
        WITH_BENCH(score_json__refuses_what_would_clear_a_grade),
        WITH_BENCH(score_post__tells_outcomes_apart),
        WITH_BENCH(score_post__keeps_the_platforms_reason_short_and_on_one_line),
        WITH_BENCH(is_under__takes_this_lists_columns_only),
        WITH_BENCH(update__changes_the_label_and_keeps_all_else),
        WITH_BENCH(update__sends_nothing_when_all_is_right),
        WITH_BENCH(update__says_what_became_of_the_column),
        cmocka_unit_test(next_timestamp__is_a_whole_second_later),
        WITH_BENCH(results__reads_what_moodle_and_canvas_say),
        WITH_BENCH(service__takes_one_new_token_on_401),
        WITH_BENCH(service__gives_the_token_to_the_registrations_hosts_only),
        WITH_BENCH(service__does_not_call_without_the_scope),
        cmocka_unit_test(service_check__gives_each_status_its_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
