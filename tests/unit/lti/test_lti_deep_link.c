#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lti_ags.h"
#include "support_claims.h"

#define URL                                                                                        \
    "\"deep_link_return_url\":\"https://school.instructure.com/courses/1/deep_linking_response"
#define TYPES "\"accept_types\":[\"ltiResourceLink\"]"
#define GOOD "{" URL "?data=ey.J%20\"," TYPES "}"
#define DL "https://purl.imsglobal.org/spec/lti-dl/claim/"

static struct err why;

static bool reads(struct arena *a, const char *settings, struct lti_deep_link *out) {
    AUTO_JSON *value = launch_json(settings);
    why = (struct err){0};
    bool is_taken = lti_deep_link_read(&LAUNCH_REGISTRATION, value, a, out, &why);
    assert_int_equal(why.code, is_taken ? ERR_NONE : ERR_DENIED);
    assert_string_equal(why.reason, is_taken ? "" : "deep_linking");
    return is_taken;
}

/* attacks.md H1, H5; lti.md 6.1 */
static void lti_deep_link_read__refuses_what_cannot_be_answered(void **state) {
    (void)state;
    static const struct {
        const char *name, *settings;
        bool is_taken;
    } rows[] = {
        {"as it should be", GOOD, true},
        {"no object", "[]", false},
        {"no return URL", "{" TYPES "}", false},
        {"an empty one", "{\"deep_link_return_url\":\"\"," TYPES "}", false},
        {"a number", "{\"deep_link_return_url\":1," TYPES "}", false},
        {"H1 foreign host", "{\"deep_link_return_url\":\"https://evil.example/\"," TYPES "}",
         false},
        {"H1 http", "{\"deep_link_return_url\":\"http://school.instructure.com/\"," TYPES "}",
         false},
        {"H1 javascript", "{\"deep_link_return_url\":\"javascript:alert(1)\"," TYPES "}", false},
        {"H1 a user in front",
         "{\"deep_link_return_url\":\"https://school.instructure.com@evil.example/\"," TYPES "}",
         false},
        {"H1 a name that only ends alike",
         "{\"deep_link_return_url\":\"https://evilinstructure.com/\"," TYPES "}", false},
        {"H1 a line break in it", "{" URL "\\n\"," TYPES "}", false},
        {"H1 a quote in it", "{" URL "\\\"\"," TYPES "}", false},
        {"no types", "{" URL "\"}", false},
        {"types that are no list", "{" URL "\",\"accept_types\":\"ltiResourceLink\"}", false},
        {"html only", "{" URL "\",\"accept_types\":[\"html\",\"link\"]}", false},
        {"html first", "{" URL "\",\"accept_types\":[\"html\",7,\"ltiResourceLink\"]}", true},
        {"media types in a text", "{" URL "\"," TYPES ",\"accept_media_types\":\"a/b,c/d\"}", true},
        {"media types in a list", "{" URL "\"," TYPES ",\"accept_media_types\":[\"a/b\"]}", true},
        {"null data", "{" URL "\"," TYPES ",\"data\":null}", true},
        {"data that is no text", "{" URL "\"," TYPES ",\"data\":{\"a\":1}}", false},
    };
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lti_deep_link got;
        if (reads(&a, rows[i].settings, &got) != rows[i].is_taken) {
            fail_msg("%s: %s", rows[i].name, why.text);
        }
    }
}

static void lti_deep_link_read__caps_the_data_and_the_address(void **state) {
    (void)state;
    static const struct {
        const char *key;
        size_t most;
    } rows[] = {{"data", 32768}, {"deep_link_return_url", 4096}};
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t more = 0; more < 2; more++) {
            size_t len = rows[i].most + more;
            char *text = arena_alloc(&a, len + 1);
            memset(text, 'x', len);
            memcpy(text, "https://school.instructure.com/", 31);
            text[len] = '\0';
            AUTO_JSON *settings = launch_json(GOOD);
            (void)json_object_set_new(settings, rows[i].key, json_string(text));
            struct lti_deep_link got;
            struct err err = {0};
            assert_int_equal(lti_deep_link_read(&LAUNCH_REGISTRATION, settings, &a, &got, &err),
                             more == 0);
        }
    }
}

static void lti_deep_link_read__takes_the_query_untouched_and_the_wishes_as_said(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct lti_deep_link got;
    assert_true(reads(&a, GOOD, &got));
    assert_string_equal(
        sv_c(&a, got.return_url),
        "https://school.instructure.com/courses/1/deep_linking_response?data=ey.J%20");
    assert_false(got.is_multiple || got.is_auto_created || got.in_iframe || got.in_window ||
                 got.has_data);
    assert_int_equal(got.lineitem, LTI_ACCEPT_UNSAID);
    assert_true(reads(&a,
                      "{" URL "\"," TYPES ",\"accept_multiple\":true,\"auto_create\":true,"
                      "\"accept_lineitem\":true,\"data\":\"\",\"accept_presentation_document_"
                      "targets\":[\"embed\",\"window\",\"iframe\"]}",
                      &got));
    assert_true(got.is_multiple && got.is_auto_created && got.in_iframe && got.in_window &&
                got.has_data);
    assert_int_equal(got.lineitem, LTI_ACCEPT_YES);
    assert_true(reads(&a,
                      "{" URL "\"," TYPES ",\"accept_multiple\":\"true\",\"accept_lineitem\":false,"
                      "\"accept_presentation_document_targets\":\"iframe\"}",
                      &got));
    assert_false(got.is_multiple || got.in_iframe);
    assert_int_equal(got.lineitem, LTI_ACCEPT_NO);
}

/* The claims of an answer to these settings. */
static json_t *answer(struct arena *a, const char *settings, const struct lti_deep_link_item *items,
                      size_t count, const char *message) {
    static struct lti_deep_link asked;
    assert_true(reads(a, settings, &asked));
    const struct lti_deep_link_answer say = {.client_id = SV("10000000000042"),
                                             .issuer = SV("https://canvas.instructure.com"),
                                             .deployment_id = SV("57:8865"),
                                             .asked = &asked,
                                             .items = items,
                                             .item_count = count,
                                             .message = sv_from(message),
                                             .now = LAUNCH_NOW_S * USEC_PER_S + 999999};
    json_t *claims = NULL;
    struct err err = {0};
    assert_true(lti_deep_link_claims(&say, a, &claims, &err));
    return claims;
}

static void same(struct arena *a, const json_t *got, const char *want) {
    AUTO_JSON *value = launch_json(want);
    if (!json_equal(got, value)) {
        fail_msg("%.*s\nis not\n%s", SV_ARG(js_dump(a, got)), want);
    }
}

/* lti.md 1.9, 6.2; moodle.md 0.6 */
static void lti_deep_link_claims__are_those_of_the_specification(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *claims = answer(&a, GOOD, NULL, 0, "");
    AUTO_JSON *again = answer(&a, GOOD, NULL, 0, "");
    static const char *const once[] = {"nonce", "jti"};
    for (size_t i = 0; i < ARRAY_LEN(once); i++) {
        struct sv value = js_sv(json_object_get(claims, once[i]));
        assert_int_equal(value.len, 22);
        assert_false(sv_eq(value, js_sv(json_object_get(again, once[i]))));
        (void)json_object_del(claims, once[i]);
    }
    same(&a, claims,
         "{\"iss\":\"10000000000042\",\"aud\":\"https://canvas.instructure.com\","
         "\"iat\":1759999970,\"exp\":1760000330,\"" LTI "deployment_id\":\"57:8865\",\"" LTI
         "message_type\":\"LtiDeepLinkingResponse\",\"" LTI "version\":\"1.3.0\",\"" DL
         "content_items\":[]}");
}

/* attacks.md H5 */
static void lti_deep_link_claims__give_the_data_back_as_it_came(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    static const char *const rows[] = {
        "\"\"", "\" a\\tb\\r\\n\\u0001 \\\"'<&>\\\\ \\u2028\\uD83C\\uDF93 \"",
        "\"csrftoken:c7fbba78-7b75-46e3-9201-11e6d5f36f53\""};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sv settings = sv_printf(&a, "{" URL "\"," TYPES ",\"data\":%s}", rows[i]);
        AUTO_JSON *claims = answer(&a, sv_c(&a, settings), NULL, 0, "");
        same(&a, json_object_get(claims, DL "data"), rows[i]);
    }
    AUTO_JSON *claims = answer(&a, GOOD, NULL, 0, "");
    assert_null(json_object_get(claims, DL "data"));
}

static const struct lti_lineitem_want COLUMN = {
    .label = SV("Safe\nLab"), .resource_id = SV("b-19"), .tag = SV("laurel-badge")};

static struct lti_deep_link_item full_item(struct lti_lineitem_want *column) {
    static const struct lti_deep_link_custom custom[] = {
        {.name = SV("laurel_view"), .value = SV("badge")},
        {.name = SV("a\nb"), .value = SV("x\r\nrole=admin\0y")}};
    *column = COLUMN;
    column->maximum = dec_from_i64(1);
    return (struct lti_deep_link_item){.title = SV("  Safe\r\n<b>Lab</b>\xE2\x80\xA8Worker "),
                                       .text = SV("Works\tsafely"),
                                       .url = SV("https://badges.example/lti/launch"),
                                       .icon_url = SV("https://badges.example/i.svg"),
                                       .icon_px = 64,
                                       .custom = custom,
                                       .custom_count = ARRAY_LEN(custom),
                                       .lineitem = column};
}

/* lti.md 6.2, 6.3; attacks.md H7, H8 */
static void lti_deep_link_claims__put_an_item_on_one_line(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct lti_lineitem_want column;
    const struct lti_deep_link_item item = full_item(&column);
    AUTO_JSON *claims = answer(&a,
                               "{" URL "\"," TYPES ",\"accept_presentation_document_targets\":["
                               "\"window\",\"iframe\"]}",
                               &item, 1, "two\nlines");
    same(&a, json_object_get(claims, DL "msg"), "\"two lines\"");
    same(&a, json_object_get(claims, DL "content_items"),
         "[{\"type\":\"ltiResourceLink\",\"title\":\"Safe  <b>Lab</b> Worker\",\"text\":\"Works "
         "safely\",\"url\":\"https://badges.example/lti/launch\",\"icon\":{\"url\":"
         "\"https://badges.example/i.svg\",\"width\":64,\"height\":64},\"custom\":{\"laurel_view\":"
         "\"badge\",\"a b\":\"x  role=admin y\"},\"lineItem\":{\"scoreMaximum\":1.0,\"label\":"
         "\"Safe Lab\",\"resourceId\":\"b-19\",\"tag\":\"laurel-badge\"},\"iframe\":{\"width\":800,"
         "\"height\":600}}]");
}

static void lti_deep_link_claims__leave_out_what_the_platform_does_not_take(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct lti_lineitem_want column;
    const struct lti_deep_link_item item = full_item(&column);
    static const struct {
        const char *more;
        bool has_column, has_frame, has_window;
    } rows[] = {
        {"", true, false, false},
        {",\"accept_lineitem\":true", true, false, false},
        {",\"accept_lineitem\":false", false, false, false},
        {",\"accept_presentation_document_targets\":[\"window\"]", true, false, true},
        {",\"accept_presentation_document_targets\":[\"iframe\"]", true, true, false},
        {",\"accept_presentation_document_targets\":[\"frame\"]", true, false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sv settings = sv_printf(&a, "{" URL "\"," TYPES "%s}", rows[i].more);
        AUTO_JSON *claims = answer(&a, sv_c(&a, settings), &item, 1, "");
        json_t *got = json_array_get(json_object_get(claims, DL "content_items"), 0);
        assert_int_equal(json_object_get(got, "lineItem") != NULL, rows[i].has_column);
        assert_int_equal(json_object_get(got, "iframe") != NULL, rows[i].has_frame);
        assert_int_equal(json_object_get(got, "window") != NULL, rows[i].has_window);
    }
    const struct lti_deep_link_item bare = {.title = SV("T")};
    AUTO_JSON *claims = answer(&a, GOOD, &bare, 1, "");
    same(&a, json_object_get(claims, DL "content_items"),
         "[{\"type\":\"ltiResourceLink\",\"title\":\"T\",\"custom\":{}}]");
}

static void lti_deep_link_claims__cut_a_long_title_at_a_character(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct str title;
    str_init(&title, &a, 4096);
    for (int i = 0; i < 100; i++) {
        str_add_c(&title, "\xE2\x82\xAC"); /* three bytes */
    }
    const struct lti_deep_link_item item = {.title = str_sv(&title)};
    AUTO_JSON *claims = answer(&a, GOOD, &item, 1, "");
    const json_t *got = json_array_get(json_object_get(claims, DL "content_items"), 0);
    assert_int_equal(js_sv(json_object_get(got, "title")).len, 249);
}

/* attacks.md C25, E5 */
static void lti_deep_link_placed__knows_its_own_words_only(void **state) {
    (void)state;
#define BADGE_ID "0190a1b2-0000-7000-8000-00000000000a"
    static const struct {
        const char *custom;
        enum lti_placed want;
    } rows[] = {
        {"{}", LTI_PLACED_NOWHERE},
        {"", LTI_PLACED_NOWHERE},
        {"{\"laurel_view\":\"badges\"}", LTI_PLACED_BADGES},
        {"{\"laurel_view\":\"progress\"}", LTI_PLACED_PROGRESS},
        {"{\"laurel_view\":\"badge\",\"laurel_badge\":\"" BADGE_ID "\"}", LTI_PLACED_BADGE},
        {"{\"laurel_view\":\"badge\"}", LTI_PLACED_NOWHERE},
        {"{\"laurel_view\":\"badge\",\"laurel_badge\":\"../admin\"}", LTI_PLACED_NOWHERE},
        {"{\"laurel_view\":\"badge\",\"laurel_badge\":\"" BADGE_ID "/x\"}", LTI_PLACED_NOWHERE},
        {"{\"laurel_view\":\"admin\"}", LTI_PLACED_NOWHERE},
        {"{\"laurel_badge\":\"" BADGE_ID "\"}", LTI_PLACED_NOWHERE},
    };
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sv id = {0};
        if (lti_deep_link_placed(sv_from(rows[i].custom), &a, &id) != rows[i].want) {
            fail_msg("%s", rows[i].custom);
        }
        assert_string_equal(sv_c(&a, id), rows[i].want == LTI_PLACED_BADGE ? BADGE_ID : "");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_deep_link_read__refuses_what_cannot_be_answered),
        cmocka_unit_test(lti_deep_link_read__caps_the_data_and_the_address),
        cmocka_unit_test(lti_deep_link_read__takes_the_query_untouched_and_the_wishes_as_said),
        cmocka_unit_test(lti_deep_link_claims__are_those_of_the_specification),
        cmocka_unit_test(lti_deep_link_claims__give_the_data_back_as_it_came),
        cmocka_unit_test(lti_deep_link_claims__put_an_item_on_one_line),
        cmocka_unit_test(lti_deep_link_claims__leave_out_what_the_platform_does_not_take),
        cmocka_unit_test(lti_deep_link_claims__cut_a_long_title_at_a_character),
        cmocka_unit_test(lti_deep_link_placed__knows_its_own_words_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
