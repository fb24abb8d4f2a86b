#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lti_history.h"
#include "support_claims.h"

static void lti_claims_read__gives_the_store_what_it_needs(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct lti_launch got = taken(&a, "{}");
    const struct model_launch *l = &got.launch;
    assert_int_equal(l->message, MODEL_MESSAGE_RESOURCE_LINK);
    assert_int_equal(l->registration_id, 7);
    assert_int_equal(l->expires_at_s, 1760003600);
    assert_int_equal(l->role, MODEL_ROLE_LEARNER); /* not a teacher: institution#Instructor */
    assert_true(l->is_learner);
    assert_false(l->is_lms_admin);
    assert_false(l->is_test_user);
    assert_false(got.has_foreign_service_url);
    assert_int_equal(l->mentee_count, 0);
    static const char scope[] = "https://purl.imsglobal.org/spec/lti-ags/scope/";
    const struct {
        struct sv got;
        const char *want;
    } texts[] = {{l->deployment_id, "57:8865aa05b4b79b64a91a86042e43af5ea8ae79eb"},
                 {l->nonce, LAUNCH_NONCE},
                 {l->sub, "0c7f5b6e-2f3a-4c1d-9b54-0a1f6a0b7c11"},
                 {l->name, "Ada Lovelace"},
                 {l->given_name, "Ada"},
                 {l->family_name, "Lovelace"},
                 {l->email, "ada@school.example"},
                 {l->locale, "en"},
                 {l->person_sourcedid, "S01"},
                 {l->context_id, "4dde05e8ca1973bcca9bffc13e1548820eee93a3"},
                 {l->context_title, "Biology"},
                 {l->context_label, "BIO-1"},
                 {l->resource_link_id, "6f1c"},
                 {l->resource_link_title, "My badges"},
                 {l->target_link_uri, "https://badges.example/lti/launch"},
                 {l->return_url, "https://school.instructure.com/courses/55"},
                 {l->document_target, "iframe"},
                 {l->ags_lineitems, "https://school.instructure.com/api/lti/courses/55/line_items"},
                 {l->ags_lineitem, ""},
                 {l->ags_scopes, arena_printf(&a, "%slineitem %sscore", scope, scope)},
                 {l->nrps_url, "https://school.instructure.com/api/lti/courses/55/nrps"},
                 {l->custom_json, "{\"canvas_user_id\":\"871\",\"canvas_course_id\":\"55\"}"},
                 {l->platform_guid, "canvas-guid"},
                 {l->product, "canvas"},
                 {l->product_version, "cloud"},
                 {got.deep_linking_json, ""}};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_string_equal(sv_c(&a, texts[i].got), texts[i].want);
    }
}

/* attacks.md P2 */
static void lti_claims_read__takes_nulls_for_absent(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JSON *payload = launch_claims("{}");
    static const char *const optional[] = {"name",
                                           "given_name",
                                           "family_name",
                                           "email",
                                           "locale",
                                           LTI "context",
                                           LTI "lis",
                                           LTI "launch_presentation",
                                           LTI "custom",
                                           LTI "tool_platform",
                                           AGS,
                                           NRPS,
                                           "nbf",
                                           "azp",
                                           LTI "role_scope_mentor"};
    for (size_t i = 0; i < ARRAY_LEN(optional); i++) {
        (void)json_object_set_new(payload, optional[i], json_null());
    }
    (void)json_object_set_new(json_object_get(payload, LINK), "title", json_null());
    struct lti_claims_check check = launch_check();
    struct lti_launch got;
    assert_string_equal(judge(&a, &check, payload, &got), "");
    assert_int_equal(got.launch.name.len + got.launch.context_id.len + got.launch.nrps_url.len, 0);
    assert_true(sv_eq(got.launch.custom_json, SV("{}")));
}

/* attacks.md P9, P10, B12 */
static void lti_claims_read__clips_long_texts_at_a_character(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct str euros; /* 3 bytes each */
    str_init(&euros, &a, 1 << 20);
    for (int i = 0; i < 15000; i++) {
        str_add_c(&euros, "\xe2\x82\xac");
    }
    AUTO_JSON *payload = launch_claims("{}");
    (void)json_object_set_new(payload, "name", json_stringn(euros.ptr, 45000));
    (void)json_object_set_new(payload, "email", json_stringn(euros.ptr, 321));
    (void)json_object_set_new(json_object_get(payload, LTI "context"), "title",
                              json_stringn(euros.ptr, 45000));
    (void)json_object_set_new(json_object_get(payload, LINK), "title",
                              json_stringn(euros.ptr, 1002));
    (void)json_object_set_new(
        payload, "given_name",
        json_string("O'Neill \xf0\x9f\x8e\x93 \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"));
    struct lti_claims_check check = launch_check();
    struct lti_launch got;
    assert_string_equal(judge(&a, &check, payload, &got), "");
    assert_int_equal(got.launch.name.len, 498);          /* 166 characters of 3 bytes */
    assert_int_equal(got.launch.context_title.len, 999); /* 333 */
    assert_int_equal(got.launch.resource_link_title.len, 999);
    assert_int_equal(got.launch.email.len, 0); /* half an address is none */
    assert_true(sv_is_utf8(got.launch.name));
    assert_string_equal(sv_c(&a, got.launch.given_name),
                        "O'Neill \xf0\x9f\x8e\x93 \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d");
}

/* attacks.md C22 */
static void lti_claims_read__marks_test_users_and_masqueraders(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    static const struct {
        const char *name, *patch;
        bool is_test_user;
    } rows[] = {
        {"C22 plain", "{}", false},
        {"C22 test student",
         "{\"" LTI "roles\":[\"" M
         "Learner\",\"http://purl.imsglobal.org/vocab/lti/system/person#TestUser\"]}",
         true},
        {"C22 masquerade", "{\"" LTI "custom\":{\"canvas_masquerading_user_id\":\"12\"}}", true},
        {"C22 masquerade, number", "{\"" LTI "custom\":{\"canvas_masquerading_user_id\":12}}",
         true},
        {"C22 variable left alone",
         "{\"" LTI "custom\":{\"canvas_masquerading_user_id\":\"$Canvas.masqueradingUser.id\"}}",
         false},
        {"C22 nobody", "{\"" LTI "custom\":{\"canvas_masquerading_user_id\":\"\"}}", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        assert_int_equal(taken(&a, rows[i].patch).launch.is_test_user, rows[i].is_test_user);
    }
}

/* attacks.md C26 */
static void lti_claims_read__gives_mentees_to_mentors_only(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
#define MENTEES "\"" LTI "role_scope_mentor\":"
#define MENTOR "\"" LTI "roles\":[\"" M "Mentor\"],"
    static const struct {
        const char *name, *patch, *first;
        size_t count;
    } rows[] = {
        {"C26 two", "{" MENTOR MENTEES "[\"s1\",\"s2\"]}", "s1", 2},
        {"C26 one as text (Moodle)", "{" MENTOR MENTEES "\"s1\"}", "s1", 1},
        {"C26 none", "{" MENTOR MENTEES "[]}", "", 0},
        {"C26 absent", "{" MENTOR "\"x\":1}", "", 0},
        {"C26 odd members are left out",
         "{" MENTOR MENTEES "[7,\"\",{},\"" X256 "\",\"\xc3\xa9\",\"s3\"]}", "s3", 1},
        {"C26 learner", "{" MENTEES "[\"s1\"]}", "", 0},
        {"C26 teacher", "{\"" LTI "roles\":[\"" M "Instructor\"]," MENTEES "[\"s1\"]}", "", 0},
        {"C26 institution mentor",
         "{\"" LTI "roles\":[\"" LIS "institution/person#Mentor\"]," MENTEES "\"s1\"}", "", 0}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        struct lti_launch got = taken(&a, rows[i].patch);
        assert_int_equal(got.launch.mentee_count, rows[i].count);
        if (rows[i].count > 0) {
            assert_string_equal(sv_c(&a, got.launch.mentee_subs[0]), rows[i].first);
        }
    }
    AUTO_JSON *payload = launch_claims("{" MENTOR MENTEES "[]}");
    for (int i = 0; i < 1000; i++) {
        (void)json_array_append_new(json_object_get(payload, LTI "role_scope_mentor"),
                                    json_sprintf("s%d", i));
    }
    struct lti_claims_check check = launch_check();
    struct lti_launch got;
    assert_string_equal(judge(&a, &check, payload, &got), "");
    assert_int_equal(got.launch.mentee_count, MODEL_MENTEES_MAX);
}

/* attacks.md C27 */
static void lti_claims_read__keeps_texts_of_custom_and_no_variables(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    static const struct {
        const char *name, *custom, *want;
    } rows[] = {
        {"C27 variable", "{\"id\":\"$Canvas.user.id\"}", "{}"},
        {"C27 unknown variable", "{\"id\":\"$Foo.bar\",\"b\":\"1\"}", "{\"b\":\"1\"}"},
        {"C27 a price is no variable", "{\"p\":\"$5.00\"}", "{\"p\":\"$5.00\"}"},
        {"C27 dollar alone", "{\"p\":\"$\"}", "{\"p\":\"$\"}"},
        {"C27 words", "{\"p\":\"$a b\"}", "{\"p\":\"$a b\"}"},
        {"empty text stays", "{\"p\":\"\"}", "{\"p\":\"\"}"},
        {"number and boolean become texts", "{\"n\":871,\"b\":true}",
         "{\"n\":\"871\",\"b\":\"true\"}"},
        {"B10 others are dropped", "{\"a\":{},\"b\":[1],\"c\":1.5,\"d\":\"x\"}", "{\"d\":\"x\"}"},
        {"markup is escaped", "{\"p\":\"</script>\"}", "{\"p\":\"\\u003c/script\\u003e\"}"},
        {"B10 array", "[1]", "{}"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        AUTO_JSON *payload = launch_claims("{}");
        (void)json_object_set_new(payload, LTI "custom", launch_json(rows[i].custom));
        struct lti_claims_check check = launch_check();
        struct lti_launch got;
        assert_string_equal(judge(&a, &check, payload, &got), "");
        assert_string_equal(sv_c(&a, got.launch.custom_json), rows[i].want);
    }
}

/* 1000 courses of 40 characters are 41 kB: the nearest ones stay, each whole (lti.md 9). */
static void lti_claims_read__cuts_a_long_history_at_a_comma(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct lti_claims_check check = launch_check();
    struct lti_launch got;
    struct str text;
    str_init(&text, &a, (size_t)64 << 10);
    for (int i = 0; i < 1000; i++) {
        str_addf(&text, "%s%040d", i == 0 ? "" : ",", i);
    }
    str_add_c(&text, ",truncated");
    AUTO_JSON *payload = launch_claims(NULL);
    AUTO_JSON *custom = json_pack("{s:s, s:s}", LTI_CUSTOM_HISTORY, text.ptr, "other", text.ptr);
    (void)json_object_set(payload, LTI "custom", custom);
    assert_string_equal(judge(&a, &check, payload, &got), "");
    struct sv *ids = NULL;
    size_t count = 0;
    lti_history_read(got.launch.custom_json, &a, &ids, &count);
    assert_int_equal(count, 99); /* 99 * 40 + 98 commas <= 4096 < 100 * 40 + 99 */
    for (size_t i = 0; i < count; i++) {
        assert_true(sv_eq(ids[i], sv_printf(&a, "%040zu", i)));
    }
    assert_null(strstr(sv_c(&a, got.launch.custom_json), "other"));
}

/* Moodle says each parameter twice, as written and in lower case; Canvas ends with a word. */
static void lti_history_read__takes_ids_and_no_words(void **state) {
    (void)state;
    static const struct {
        const char *custom;
        size_t count;
        const char *first;
    } rows[] = {
        {"{\"ctx_history\":\"12,7\",\"Ctx_History\":\"99\"}", 2, "12"},
        {"{\"ctx_history\":\"a%2Cb, c ,truncated\"}", 2, "a,b"},
        {"{\"ctx_history\":\"\"}", 0, NULL},
        {"{\"ctx_history\":\",,%zz,%00\"}", 0, NULL},
        {"{}", 0, NULL},
        {"", 0, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct sv *ids = NULL;
        size_t count = 0;
        lti_history_read(sv_from(rows[i].custom), &a, &ids, &count);
        if (count != rows[i].count || (count > 0 && !sv_eq(ids[0], sv_from(rows[i].first)))) {
            fail_msg("%s: %zu", rows[i].custom, count);
        }
    }
}

static void lti_claims_read__bounds_custom(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    char *value = arena_alloc(&a, 4098);
    memset(value, '<', 4097);
    AUTO_JSON *payload = launch_claims("{}");
    json_t *custom = json_object();
    (void)json_object_set_new(custom, "too_long", json_stringn(value, 4097));
    for (int i = 0; i < 300; i++) {
        (void)json_object_set_new(custom, arena_printf(&a, "k%03d", i), json_stringn(value, 1000));
    }
    (void)json_object_set_new(payload, LTI "custom", custom);
    struct lti_claims_check check = launch_check();
    struct lti_launch got;
    assert_string_equal(judge(&a, &check, payload, &got), "");
    assert_true(got.launch.custom_json.len <= LTI_CUSTOM_BYTES_MAX);
    json_t *read = NULL;
    struct err err = {0};
    assert_true(js_parse(got.launch.custom_json, LTI_CUSTOM_BYTES_MAX, "custom", &read, &err));
    AUTO_JSON *back = read;
    assert_true(json_object_size(back) >= 1);
    assert_null(json_object_get(back, "too_long"));
    for (int i = 0; i < 300; i++) {
        (void)json_object_set_new(custom, arena_printf(&a, "k%03d", i), json_string("v"));
    }
    assert_string_equal(judge(&a, &check, payload, &got), "");
    json_t *again = NULL;
    assert_true(js_parse(got.launch.custom_json, LTI_CUSTOM_BYTES_MAX, "custom", &again, &err));
    AUTO_JSON *many = again;
    assert_int_equal(json_object_size(many), LTI_CUSTOM_COUNT_MAX);
}

/* attacks.md F2 */
static void lti_claims_read__drops_service_urls_of_strangers(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    static const struct {
        const char *name, *url;
        bool is_own;
    } rows[] = {
        {"the school's host", "https://school.instructure.com/api/lti/courses/55/line_items", true},
        {"upper case", "https://SCHOOL.Instructure.com/x", true},
        {"the token host", "https://sso.canvaslms.com/x?a=b", true},
        {"F2 a stranger", "https://evil.example/line_items", false},
        {"F2 a stranger that looks alike", "https://school.instructure.com.evil.example/", false},
        {"F2 no dot between", "https://evilinstructure.com/", false},
        {"F2 the bare parent with a dot", "https://.instructure.com/", false},
        {"F2 the bare parent", "https://instructure.com/", false},
        {"F2 a sibling of the token host", "https://evil.canvaslms.com/", false},
        {"F2 http", "http://school.instructure.com/", false},
        {"F2 http to the token host", "http://sso.canvaslms.com/", false},
        {"F2 userinfo", "https://school.instructure.com@evil.example/", false},
        {"F2 backslash", "https://evil.example\\\\.instructure.com/", false},
        {"F2 no URL", "school.instructure.com", false},
        {"F2 loopback", "http://127.0.0.1/", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        const char *members[] = {"lineitems", "lineitem", "context_memberships_url"};
        for (size_t m = 0; m < ARRAY_LEN(members); m++) {
            const char *claim = m < 2 ? AGS : NRPS;
            struct lti_launch got =
                taken(&a, arena_printf(&a, "{\"" AGS "\":null,\"" NRPS "\":null}"));
            assert_false(got.has_foreign_service_url);
            const char *patch = arena_printf(&a, "{\"" AGS "\":{\"lineitems\":null},\"" NRPS
                                                 "\":{\"context_memberships_url\":null},"
                                                 "\"x\":1}");
            AUTO_JSON *payload = launch_claims(patch);
            AUTO_JSON *more = launch_json(
                arena_printf(&a, "{\"%s\":{\"%s\":\"%s\"}}", claim, members[m], rows[i].url));
            json_decref(launch_merge(payload, more));
            struct lti_claims_check check = launch_check();
            assert_string_equal(judge(&a, &check, payload, &got), "");
            struct sv found[] = {got.launch.ags_lineitems, got.launch.ags_lineitem,
                                 got.launch.nrps_url};
            assert_int_equal(found[m].len > 0, rows[i].is_own);
            assert_int_equal(got.has_foreign_service_url, !rows[i].is_own);
            assert_int_equal(got.launch.ags_scopes.len > 0, rows[i].is_own && m < 2);
        }
    }
}

static void
lti_claims_is_own_service__trusts_instructure_hosts_for_canvas_cloud_only(void **state) {
    (void)state;
    struct model_registration r = LAUNCH_REGISTRATION;
    struct sv url = SV("https://school.instructure.com/x");
    assert_true(lti_claims_is_own_service(&r, url));
    r.issuer = SV("https://canvas.beta.instructure.com");
    assert_true(lti_claims_is_own_service(&r, url));
    r.issuer = SV("https://lms.example");
    assert_false(lti_claims_is_own_service(&r, url));
    r.token_url = SV("https://school.instructure.com/login/oauth2/token");
    assert_true(lti_claims_is_own_service(&r, url));
    r = (struct model_registration){.issuer = SV("http://127.0.0.1:8101")};
    assert_true(lti_claims_is_own_service(&r, SV("http://127.0.0.1:8101/x")));
    assert_false(lti_claims_is_own_service(&r, SV("http://127.0.0.2:8101/x")));
    r.issuer = SV("");
    assert_false(lti_claims_is_own_service(&r, SV("")));
}

/* attacks.md H6 */
static void lti_claims_read__keeps_only_safe_return_urls_and_known_targets(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
#define SHOWN(url, target)                                                                         \
    "{\"" LTI "launch_presentation\":{\"return_url\":\"" url "\",\"document_target\":\"" target    \
    "\"}}"
    struct lti_launch got = taken(&a, SHOWN("javascript:alert(1)", "popup"));
    assert_int_equal(got.launch.return_url.len + got.launch.document_target.len, 0);
    got = taken(&a, SHOWN("http://lms.example/", "IFRAME"));
    assert_int_equal(got.launch.return_url.len + got.launch.document_target.len, 0);
    got = taken(&a, SHOWN("https://lms.example/?sesskey=1", "window"));
    assert_true(sv_eq(got.launch.return_url, SV("https://lms.example/?sesskey=1")));
    assert_true(sv_eq(got.launch.document_target, SV("window")));
}

static json_t *fixture_file(const char *name) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/fixture/%s", TEST_SOURCE_DIR, name);
    json_t *v = json_load_file(path, 0, NULL);
    assert_non_null(v);
    return v;
}

static const struct model_registration MOODLE = {
    .id = 3,
    .issuer = SV("http://127.0.0.1:8101"),
    .client_id = SV("VXXOkeY4GuPz9Jv"),
    .auth_url = SV("http://127.0.0.1:8101/mod/lti/auth.php"),
    .token_url = SV("http://127.0.0.1:8101/mod/lti/token.php"),
    .jwks_url = SV("http://127.0.0.1:8101/mod/lti/certs.php")};

/* attacks.md P3: payloads captured from Moodle 4.5 (moodle.md 1.3, 1.4) */
static void lti_claims_read__takes_what_moodle_sends(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JSON *launch = fixture_file("moodle_launch.json");
    struct lti_claims_check check = {.registration = &MOODLE,
                                     .nonce = SV("no-d399fa3ca4513aa1"),
                                     .base_url = SV("http://127.0.0.1:8111"),
                                     .now = INT64_C(1795453576) * USEC_PER_S,
                                     .leeway_s = 60};
    struct lti_launch got;
    assert_string_equal(judge(&a, &check, launch, &got), "");
    assert_int_equal(got.launch.role, MODEL_ROLE_LEARNER);
    assert_false(got.has_foreign_service_url);
    assert_true(sv_eq(got.launch.sub, SV("4")));
    assert_true(sv_eq(got.launch.context_id, SV("2")));
    assert_true(sv_eq(got.launch.product, SV("moodle")));
    assert_true(sv_eq(got.launch.locale, SV("en")));
    assert_true(
        sv_eq(got.launch.ags_lineitem,
              SV("http://127.0.0.1:8101/mod/lti/services.php/2/lineitems/6/lineitem?type_id=1")));
    assert_true(sv_eq(got.launch.nrps_url,
                      SV("http://127.0.0.1:8101/mod/lti/services.php/CourseSection/2/bindings/1/"
                         "memberships")));
    /* Empty texts, as 4.1 sends them. */
    AUTO_JSON *empties =
        launch_json("{\"name\":\"\",\"email\":\"\",\"" LTI
                    "lis\":{\"person_sourcedid\":\"\"},\"" AGS "\":{\"lineitem\":\"\"}}");
    json_decref(launch_merge(launch, empties));
    assert_string_equal(judge(&a, &check, launch, &got), "");
    assert_int_equal(got.launch.ags_lineitem.len + got.launch.person_sourcedid.len, 0);
    assert_false(got.has_foreign_service_url);
    /* An activity with a consumer key of its own changes aud: refused (moodle.md 1.3). */
    (void)json_object_set_new(launch, "aud", json_string("12345"));
    assert_string_equal(judge(&a, &check, launch, NULL), "aud");

    AUTO_JSON *deep = fixture_file("moodle_deep_linking.json");
    check.nonce = SV("no-c748a094e645b87f");
    assert_string_equal(judge(&a, &check, deep, &got), "");
    assert_int_equal(got.launch.message, MODEL_MESSAGE_DEEP_LINKING);
    assert_int_equal(got.launch.role, MODEL_ROLE_TEACHER);
    assert_int_equal(got.launch.resource_link_id.len, 0);
    assert_non_null(
        strstr(sv_c(&a, got.deep_linking_json), "\"deep_link_return_url\":\"http://127"));
}

#define NOTICES LTI "platformnotificationservice"

static void lti_claims_read__takes_the_notification_service_of_the_platform_only(void **state) {
    (void)state;
    static const struct {
        const char *patch, *url, *types;
        bool is_foreign;
    } rows[] = {
        {"{\"" NOTICES "\":{\"platform_notification_service_url\":\"https://"
         "school.instructure.com/n/1\",\"notice_types_supported\":[\"LtiHelloWorldNotice\","
         "\"LtiContextCopyNotice\",7,\"two words\"]}}",
         "https://school.instructure.com/n/1", "LtiHelloWorldNotice LtiContextCopyNotice", false},
        {"{\"" NOTICES "\":{\"platform_notification_service_url\":\"https://evil.example/n\","
         "\"notice_types_supported\":[\"LtiContextCopyNotice\"]}}",
         "", "", true},
        {"{\"" NOTICES "\":[]}", "", "", false},
        {"{}", "", "", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct lti_launch got = taken(&a, rows[i].patch);
        assert_string_equal(sv_c(&a, got.launch.notices_url), rows[i].url);
        assert_string_equal(sv_c(&a, got.launch.notice_types), rows[i].types);
        assert_int_equal(got.has_foreign_service_url, rows[i].is_foreign);
    }
}

/* LTI Core 1.3, 6.1.2: ids that did not change are left out of the migration claim. */
static void lti_claims_read__fills_the_unchanged_ids_of_a_migration_claim(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct lti_launch got = taken(
        &a, "{\"" LTI "lti1p1\":{\"oauth_consumer_key\":\"K\",\"oauth_consumer_key_sign\":\"c2ln\","
            "\"user_id\":\"old\",\"resource_link_id\":7}}");
    assert_string_equal(sv_c(&a, got.launch.legacy_consumer_key), "K");
    assert_string_equal(sv_c(&a, got.launch.legacy_sign), "c2ln");
    assert_string_equal(sv_c(&a, got.launch.legacy_user_id), "old");
    assert_string_equal(sv_c(&a, got.launch.legacy_resource_link_id), "6f1c");
    got = taken(&a, "{}");
    assert_int_equal(got.launch.legacy_consumer_key.len, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_claims_read__takes_the_notification_service_of_the_platform_only),
        cmocka_unit_test(lti_claims_read__fills_the_unchanged_ids_of_a_migration_claim),
        cmocka_unit_test(lti_claims_read__gives_the_store_what_it_needs),
        cmocka_unit_test(lti_claims_read__takes_nulls_for_absent),
        cmocka_unit_test(lti_claims_read__clips_long_texts_at_a_character),
        cmocka_unit_test(lti_claims_read__marks_test_users_and_masqueraders),
        cmocka_unit_test(lti_claims_read__gives_mentees_to_mentors_only),
        cmocka_unit_test(lti_claims_read__keeps_texts_of_custom_and_no_variables),
        cmocka_unit_test(lti_claims_read__cuts_a_long_history_at_a_comma),
        cmocka_unit_test(lti_history_read__takes_ids_and_no_words),
        cmocka_unit_test(lti_claims_read__bounds_custom),
        cmocka_unit_test(lti_claims_read__drops_service_urls_of_strangers),
        cmocka_unit_test(lti_claims_is_own_service__trusts_instructure_hosts_for_canvas_cloud_only),
        cmocka_unit_test(lti_claims_read__keeps_only_safe_return_urls_and_known_targets),
        cmocka_unit_test(lti_claims_read__takes_what_moodle_sends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
