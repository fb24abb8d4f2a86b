#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "lti_register.h"
#include <stdio.h>
#include <string.h>

#define PLATFORM "https://purl.imsglobal.org/spec/lti-platform-configuration"
#define TOOL "https://purl.imsglobal.org/spec/lti-tool-configuration"
#define CANVAS "https://canvas.instructure.com/lti/"
#define AGS "https://purl.imsglobal.org/spec/lti-ags/scope/"

/* A Moodle (moodle.md 6), on a host of its own. */
static const char MOODLE[] =
    "{\"issuer\":\"https://lms.example\","
    "\"authorization_endpoint\":\"https://lms.example/mod/lti/auth.php\","
    "\"token_endpoint\":\"https://lms.example/mod/lti/token.php\","
    "\"jwks_uri\":\"https://lms.example/mod/lti/certs.php\","
    "\"registration_endpoint\":\"https://lms.example/mod/lti/openid-registration.php\","
    "\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\"],"
    "\"token_endpoint_auth_signing_alg_values_supported\":[\"RS256\"],"
    "\"id_token_signing_alg_values_supported\":[\"RS256\"],"
    "\"scopes_supported\":[\"" AGS "lineitem.readonly\",\"" AGS "result.readonly\",\"" AGS
    "score\",\"" AGS "lineitem\",\"https://purl.imsglobal.org/spec/lti-nrps/scope/"
    "contextmembership.readonly\",\"https://purl.imsglobal.org/spec/lti-ts/scope/toolsetting\","
    "\"openid\"],"
    "\"" PLATFORM "\":{\"product_family_code\":\"moodle\",\"version\":\"4.5\","
    "\"messages_supported\":[{\"type\":\"LtiResourceLinkRequest\"},"
    "{\"type\":\"LtiDeepLinkingRequest\",\"placements\":[\"ContentArea\"]}]}}";

#define CONFIG_URL "https://lms.example/mod/lti/openid-configuration.php"

/* MOODLE with the members of `delta` set, and those that are null there removed. */
static struct sv changed(struct arena *a, const char *delta) {
    AUTO_JSON *out = json_loads(MOODLE, 0, NULL);
    AUTO_JSON *change = json_loads(delta, 0, NULL);
    const char *key = NULL;
    json_t *value = NULL;
    assert_non_null(out);
    if (change == NULL) {
        fail_msg("no JSON: %s", delta);
    }
    json_object_foreach(change, key, value) {
        if (json_is_null(value)) {
            (void)json_object_del(out, key);
        } else {
            (void)json_object_set(out, key, value);
        }
    }
    return js_dump(a, out);
}

static bool parse(struct arena *a, const char *config_url, const char *extra_host, struct sv body,
                  struct lti_register_platform *out, struct err *err) {
    const struct lti_register_judge judge = {.config_url = sv_from(config_url),
                                             .extra_host = sv_from(extra_host)};
    return lti_register_platform_parse(&judge, body, a, out, err);
}

static struct lti_register_platform good(struct arena *a, const char *delta) {
    struct lti_register_platform p = {0};
    struct err err = {0};
    if (!parse(a, CONFIG_URL, "", changed(a, delta), &p, &err)) {
        fail_msg("%s: %s", delta, err.text);
    }
    return p;
}

static void lti_register_platform_parse__reads_moodles(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct lti_register_platform p = good(&a, "{}");
    assert_true(sv_eq(p.issuer, SV("https://lms.example")));
    assert_true(sv_eq(p.auth_url, SV("https://lms.example/mod/lti/auth.php")));
    assert_true(sv_eq(p.token_url, SV("https://lms.example/mod/lti/token.php")));
    assert_true(sv_eq(p.jwks_url, SV("https://lms.example/mod/lti/certs.php")));
    assert_true(
        sv_eq(p.registration_url, SV("https://lms.example/mod/lti/openid-registration.php")));
    assert_true(sv_eq(p.product, SV("moodle")));
    assert_int_equal(p.token_audience.len, 0);
    assert_true(p.has_deep_linking);
    assert_int_equal(p.link_placement_count, 0);
    assert_int_equal(p.deep_placement_count, 1);
    for (size_t s = 0; s < LTI_REGISTER_SERVICES; s++) {
        assert_int_equal(p.offers[s], s != 4); /* no notices */
    }
}

static void lti_register_platform_parse__takes_the_audience_where_it_works(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct lti_register_platform p = good(&a, "{\"authorization_server\":\"urn:lms\"}");
    assert_true(sv_eq(p.token_audience, SV("urn:lms")));
    /* Canvas names its host there and demands the token URL (lti.md 3.2) */
    p = good(&a, "{\"authorization_server\":\"sso.canvaslms.com\",\"" PLATFORM
                 "\":{\"product_family_code\":\"canvas\"}}");
    assert_int_equal(p.token_audience.len, 0);
}

struct row {
    const char *name, *delta;
    const char *names; /* the member that the error names; NULL: it is taken */
};

static void lti_register_platform_parse__judges_every_member(void **state) {
    (void)state;
    static const struct row rows[] = {
        {"as it is", "{}", NULL},
        {"authorization_server", "{\"authorization_server\":\"urn:x\"}", NULL},
        {"no algorithms are said", "{\"id_token_signing_alg_values_supported\":null}", NULL},
        {"no services", "{\"scopes_supported\":null}", NULL},
        {"nothing of itself", "{\"" PLATFORM "\":null}", NULL},
        {"a port on its own host", "{\"jwks_uri\":\"https://lms.example:8443/k\"}", NULL},
        {"host in another case", "{\"jwks_uri\":\"https://LMS.example/k\"}", NULL},
        {"messages with junk", "{\"" PLATFORM "\":{\"messages_supported\":[5,{\"type\":[]},null]}}",
         NULL},
        {"no issuer", "{\"issuer\":null}", "issuer"},
        {"issuer a number", "{\"issuer\":5}", "issuer"},
        {"issuer by http", "{\"issuer\":\"http://lms.example\"}", "issuer"},
        {"issuer with user", "{\"issuer\":\"https://lms.example@evil.example\"}", "issuer"},
        {"issuer elsewhere", "{\"issuer\":\"https://other.example\"}", "issuer"},
        {"issuer a subdomain", "{\"issuer\":\"https://x.lms.example\"}", "issuer"},
        {"issuer a prefix", "{\"issuer\":\"https://lms.example.evil.example\"}", "issuer"},
        {"issuer with fragment", "{\"issuer\":\"https://lms.example#x\"}", "issuer"},
        {"G13 Canvas's issuer, served elsewhere", "{\"issuer\":\"https://canvas.instructure.com\"}",
         "issuer"},
        {"no authorization_endpoint", "{\"authorization_endpoint\":null}",
         "authorization_endpoint"},
        {"authorization_endpoint elsewhere",
         "{\"authorization_endpoint\":\"https://evil.example/a\"}", "authorization_endpoint"},
        {"authorization_endpoint a script", "{\"authorization_endpoint\":\"javascript:alert(1)\"}",
         "authorization_endpoint"},
        {"authorization_endpoint with fragment",
         "{\"authorization_endpoint\":\"https://lms.example/a#b\"}", "authorization_endpoint"},
        {"no token_endpoint", "{\"token_endpoint\":null}", "token_endpoint"},
        {"token_endpoint elsewhere", "{\"token_endpoint\":\"https://evil.example/t\"}",
         "token_endpoint"},
        {"token_endpoint a list", "{\"token_endpoint\":[\"https://lms.example/t\"]}",
         "token_endpoint"},
        {"no jwks_uri", "{\"jwks_uri\":null}", "jwks_uri"},
        {"jwks_uri a file", "{\"jwks_uri\":\"file:///etc/passwd\"}", "jwks_uri"},
        {"jwks_uri at Canvas", "{\"jwks_uri\":\"https://sso.canvaslms.com/k\"}", "jwks_uri"},
        {"jwks_uri on loopback", "{\"jwks_uri\":\"http://127.0.0.1:80/k\"}", "jwks_uri"},
        {"no registration_endpoint", "{\"registration_endpoint\":null}", "registration_endpoint"},
        {"registration_endpoint elsewhere",
         "{\"registration_endpoint\":\"https://evil.example/r\"}", "registration_endpoint"},
        {"G15 registration_endpoint on another port",
         "{\"registration_endpoint\":\"https://lms.example:8443/r\"}", "registration_endpoint"},
        {"authorization_server a number", "{\"authorization_server\":5}", "authorization_server"},
        {"authorization_server with a line", "{\"authorization_server\":\"a\\nb\"}",
         "authorization_server"},
        {"HS256 only", "{\"id_token_signing_alg_values_supported\":[\"HS256\"]}",
         "id_token_signing_alg_values_supported"},
        {"no algorithm at all", "{\"id_token_signing_alg_values_supported\":[]}",
         "id_token_signing_alg_values_supported"},
        {"algorithms a text", "{\"id_token_signing_alg_values_supported\":\"RS256\"}",
         "id_token_signing_alg_values_supported"},
        {"tokens signed by ES256",
         "{\"token_endpoint_auth_signing_alg_values_supported\":[\"ES256\"]}",
         "token_endpoint_auth_signing_alg_values_supported"},
        {"secrets only", "{\"token_endpoint_auth_methods_supported\":[\"client_secret_basic\"]}",
         "token_endpoint_auth_methods_supported"},
        {"services a text", "{\"scopes_supported\":\"openid\"}", "scopes_supported"},
        {"of itself a text", "{\"" PLATFORM "\":\"moodle\"}", "lti-platform-configuration"},
        {"product a number", "{\"" PLATFORM "\":{\"product_family_code\":5}}",
         "lti-platform-configuration"},
        {"messages an object", "{\"" PLATFORM "\":{\"messages_supported\":{}}}",
         "messages_supported"},
    };
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lti_register_platform p = {0};
        struct err err = {0};
        bool is_taken = parse(&a, CONFIG_URL, "", changed(&a, rows[i].delta), &p, &err);
        print_message("  %s\n", rows[i].name);
        if (is_taken != (rows[i].names == NULL)) {
            fail_msg("%s: %s", rows[i].name, is_taken ? "taken" : err.text);
        }
        if (!is_taken && rows[i].names != NULL) {
            assert_string_equal(err.reason, "openid_configuration");
            assert_non_null(strstr(err.text, rows[i].names));
        }
    }
}

static void lti_register_platform_parse__takes_json_and_nothing_else(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    char *large = arena_alloc(&a, LTI_REGISTER_CONFIG_MAX + 1);
    memset(large, ' ', LTI_REGISTER_CONFIG_MAX + 1);
    memcpy(large, MOODLE, sizeof MOODLE - 1);
    const struct {
        const char *name;
        struct sv body;
        bool is_taken;
    } rows[] = {
        {"empty", SV(""), false},
        {"HTML", SV("<!doctype html><title>Sign in</title>"), false},
        {"a list", SV("[]"), false},
        {"cut off", sv_of(MOODLE, sizeof MOODLE - 2), false},
        {"something behind it", sv_printf(&a, "%s {}", MOODLE), false},
        {"a member twice", SV("{\"issuer\":\"https://lms.example\",\"issuer\":\"x\"}"), false},
        {"no UTF-8", SV("{\"issuer\":\"\xff\"}"), false},
        {"64 KiB", sv_of(large, LTI_REGISTER_CONFIG_MAX), true},
        {"over 64 KiB", sv_of(large, LTI_REGISTER_CONFIG_MAX + 1), false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lti_register_platform p = {0};
        struct err err = {0};
        if (parse(&a, CONFIG_URL, "", rows[i].body, &p, &err) != rows[i].is_taken) {
            fail_msg("%s: %s", rows[i].name, err.text);
        }
    }
}

/* All endpoints but registration_endpoint are on `endpoint`. */
static void lti_register_platform_parse__knows_canvas_clouds_hosts(void **state) {
    (void)state;
    static const struct {
        const char *issuer, *served, *endpoint, *extra;
        bool is_taken;
    } rows[] = {
        {"https://canvas.instructure.com", "https://north.instructure.com",
         "https://sso.canvaslms.com", "", true},
        {"https://canvas.beta.instructure.com", "https://north.beta.instructure.com",
         "https://sso.beta.canvaslms.com", "", true},
        {"https://canvas.test.instructure.com", "https://canvas.test.instructure.com",
         "https://canvas.test.instructure.com", "", true},
        {"https://canvas.instructure.com", "https://canvas.north.example",
         "https://sso.canvaslms.com", "", false},
        {"https://canvas.instructure.com", "https://canvas.north.example",
         "https://sso.canvaslms.com", "canvas.north.example", true},
        {"https://canvas.instructure.com", "https://canvas.north.example",
         "https://canvas.north.example", "canvas.north.example", true},
        {"https://canvas.instructure.com", "http://127.0.0.1:80", "https://sso.canvaslms.com", "",
         false},
        {"https://canvas.instructure.com", "https://north.instructure.com", "https://evil.example",
         "", false},
        {"https://canvas.instructure.com", "https://north.instructure.com:8443",
         "https://sso.canvaslms.com", "", false},
        {"https://canvas.instructure.com", "https://evilinstructure.com",
         "https://sso.canvaslms.com", "", false},
        {"https://evil.instructure.com", "https://north.instructure.com",
         "https://north.instructure.com", "", false},
        /* another product: an extra host may hold endpoints, but not speak for the issuer */
        {"https://lms.example", "https://lms.example", "https://auth.lms-vendor.example",
         "auth.lms-vendor.example", true},
        {"https://lms.example", "https://auth.lms-vendor.example", "https://lms.example",
         "auth.lms-vendor.example", false},
        /* on loopback ports are servers */
        {"http://127.0.0.1:81", "http://127.0.0.1:81", "http://127.0.0.1:81", "", true},
        {"http://127.0.0.1:81", "http://127.0.0.1:81", "http://127.0.0.1:82", "", false},
        {"http://127.0.0.1:82", "http://127.0.0.1:81", "http://127.0.0.1:81", "", false},
    };
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lti_register_platform p = {0};
        struct err err = {0};
        const char *delta = arena_printf(
            &a,
            "{\"issuer\":\"%s\",\"authorization_endpoint\":\"%s/a\",\"token_endpoint\":\"%s/t\","
            "\"jwks_uri\":\"%s/k\",\"registration_endpoint\":\"%s/r\"}",
            rows[i].issuer, rows[i].endpoint, rows[i].endpoint, rows[i].endpoint, rows[i].served);
        if (parse(&a, arena_printf(&a, "%s/config", rows[i].served), rows[i].extra,
                  changed(&a, delta), &p, &err) != rows[i].is_taken) {
            fail_msg("row %zu: %s", i, err.text);
        }
    }
}

/* --- the request */

static const struct lti_register_tool US = {.base_url = SV("https://badges.example:8443"),
                                            .jwks_url =
                                                SV("https://badges.example:8443/lti/jwks/x"),
                                            .logo_url = SV("https://badges.example:8443/logo.svg")};

static const char *text_at(const json_t *o, const char *key) {
    const char *text = json_string_value(json_object_get(o, key));
    return text == NULL ? "(none)" : text;
}

static void lti_register_request__asks_moodle_for_what_is_needed(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct lti_register_platform p = good(&a, "{}");
    AUTO_JSON *r = lti_register_request(&US, &p, &a);
    const json_t *tool = json_object_get(r, TOOL);
    assert_string_equal(text_at(r, "application_type"), "web");
    assert_string_equal(text_at(r, "token_endpoint_auth_method"), "private_key_jwt");
    assert_string_equal(text_at(r, "initiate_login_uri"), "https://badges.example:8443/lti/login");
    assert_string_equal(text_at(r, "jwks_uri"), "https://badges.example:8443/lti/jwks/x");
    assert_string_equal(text_at(r, "scope"),
                        AGS "lineitem " AGS "score " AGS
                            "result.readonly https://purl.imsglobal.org/spec/lti-nrps/scope/"
                            "contextmembership.readonly");
    /* Moodle compares the domain with its port (moodle.md 6) */
    assert_string_equal(text_at(tool, "domain"), "badges.example:8443");
    assert_string_equal(text_at(tool, "target_link_uri"), "https://badges.example:8443/lti/launch");
    AUTO_JSON *custom = json_pack("{s:s}", "ctx_history", "$Context.id.history");
    assert_true(json_equal(json_object_get(tool, "custom_parameters"), custom));
    AUTO_JSON *claims =
        json_pack("[s,s,s,s,s,s]", "iss", "sub", "name", "given_name", "family_name", "email");
    assert_true(json_equal(json_object_get(tool, "claims"), claims));
    const json_t *messages = json_object_get(tool, "messages");
    assert_int_equal(json_array_size(messages), 2);
    AUTO_JSON *content = json_pack("[s]", "ContentArea");
    assert_true(json_equal(json_object_get(json_array_get(messages, 1), "placements"), content));
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)tool, key, value) { assert_null(strstr(key, "canvas")); }
    assert_null(json_object_get(r, "contacts"));
}

static void lti_register_request__asks_for_no_message_and_scope_that_is_not_offered(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct lti_register_platform p =
        good(&a, "{\"scopes_supported\":[\"openid\"],\"" PLATFORM
                 "\":{\"messages_supported\":[{\"type\":\"LtiResourceLinkRequest\"}]}}");
    AUTO_JSON *r = lti_register_request(&US, &p, &a);
    const json_t *messages = json_object_get(json_object_get(r, TOOL), "messages");
    assert_string_equal(text_at(r, "scope"), "");
    assert_int_equal(json_array_size(messages), 1);
    assert_string_equal(text_at(json_array_get(messages, 0), "type"), "LtiResourceLinkRequest");
}

static void lti_register_request__speaks_canvas(void **state) {
    (void)state;
    static const struct {
        const char *offered, *taken; /* lists of placements of the deep linking message */
    } rows[] = {
        {"[\"ContentArea\",\"" CANVAS "assignment_selection\",\"RichTextEditor\"]",
         "[\"ContentArea\",\"" CANVAS "assignment_selection\"]"},
        {"[\"link_selection\",\"assignment_selection\",\"editor_button\"]",
         "[\"link_selection\",\"assignment_selection\"]"},
        {"[\"" CANVAS "link_selection\",\"ContentArea\"]", "[\"" CANVAS "link_selection\"]"},
        {"[]", "[\"" CANVAS "link_selection\",\"" CANVAS "assignment_selection\"]"},
    };
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lti_register_platform p =
            good(&a, arena_printf(&a,
                                  "{\"" PLATFORM "\":{\"product_family_code\":\"canvas\","
                                  "\"messages_supported\":[{\"type\":\"LtiDeepLinkingRequest\","
                                  "\"placements\":%s}]}}",
                                  rows[i].offered));
        AUTO_JSON *r = lti_register_request(&US, &p, &a);
        AUTO_JSON *want = json_loads(rows[i].taken, 0, NULL);
        const json_t *tool = json_object_get(r, TOOL);
        const json_t *messages = json_object_get(tool, "messages");
        const json_t *link = json_array_get(messages, 0);
        if (!json_equal(json_object_get(json_array_get(messages, 1), "placements"), want)) {
            fail_msg("row %zu", i);
        }
        assert_string_equal(text_at(tool, CANVAS "privacy_level"), "public");
        assert_string_equal(text_at(link, CANVAS "visibility"), "members");
        assert_true(
            json_is_true(json_object_get(link, CANVAS "course_navigation/default_enabled")));
        assert_string_equal(
            text_at(json_object_get(tool, "custom_parameters"), "canvas_masquerading_user_id"),
            "$Canvas.masqueradingUser.id");
    }
}

/* --- the answer */

static void lti_register_grant_parse__judges(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    char id[260];
    memset(id, 'x', sizeof id);
    const struct {
        const char *name;
        struct sv body;
        const char *client_id, *deployment_id; /* NULL client: refused */
        size_t granted;
    } rows[] = {
        {"all that was asked", SV("{\"client_id\":\"c\",\"" TOOL "\":{\"deployment_id\":\"2\"}}"),
         "c", "2", 4},
        {"less", SV("{\"client_id\":\"c\",\"scope\":\"" AGS "score openid\"}"), "c", "", 1},
        {"nothing", SV("{\"client_id\":\"c\",\"scope\":\"\"}"), "c", "", 0},
        {"more than was asked",
         SV("{\"client_id\":\"c\",\"scope\":\"https://purl.imsglobal.org/spec/lti/scope/"
            "noticehandlers\"}"),
         "c", "", 0},
        {"scope a list", SV("{\"client_id\":\"c\",\"scope\":[]}"), "c", "", 4},
        {"deployment beside", SV("{\"client_id\":\"c\",\"deployment_id\":\"5\"}"), "c", "5", 4},
        {"deployment a number", SV("{\"client_id\":\"c\",\"" TOOL "\":{\"deployment_id\":2}}"), "c",
         "", 4},
        {"tool a list", SV("{\"client_id\":\"c\",\"" TOOL "\":[]}"), "c", "", 4},
        {"255 characters", sv_printf(&a, "{\"client_id\":\"%.255s\"}", id),
         arena_printf(&a, "%.255s", id), "", 4},
        {"256 characters", sv_printf(&a, "{\"client_id\":\"%.256s\"}", id), NULL, "", 0},
        {"no client_id", SV("{}"), NULL, "", 0},
        {"client_id null", SV("{\"client_id\":null}"), NULL, "", 0},
        {"client_id a number", SV("{\"client_id\":10000000000042}"), NULL, "", 0},
        {"client_id empty", SV("{\"client_id\":\"\"}"), NULL, "", 0},
        {"client_id no ASCII", SV("{\"client_id\":\"\xC3\xA9\"}"), NULL, "", 0},
        {"client_id with a line", SV("{\"client_id\":\"a\\nb\"}"), NULL, "", 0},
        {"HTML", SV("<html>"), NULL, "", 0},
        {"a list", SV("[\"client_id\"]"), NULL, "", 0},
    };
    struct lti_register_platform p = good(&a, "{}");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lti_register_grant g = {0};
        struct err err = {0};
        bool is_taken = lti_register_grant_parse(&p, rows[i].body, &a, &g, &err);
        size_t granted = 0;
        for (size_t s = 0; s < LTI_REGISTER_SERVICES; s++) {
            granted += g.grants[s] ? 1 : 0;
        }
        if (is_taken != (rows[i].client_id != NULL) ||
            (is_taken && (!sv_eq(g.client_id, sv_from(rows[i].client_id)) ||
                          !sv_eq(g.deployment_id, sv_from(rows[i].deployment_id)) ||
                          granted != rows[i].granted))) {
            fail_msg("%s: %s", rows[i].name, err.text);
        }
        if (!is_taken) {
            assert_string_equal(err.reason, "registration_response");
        }
    }
}

static void lti_register_is_update__believes_moodles_scope(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    static const struct {
        const char *payload;
        bool is_update;
    } rows[] = {
        {"{\"sub\": \"7\", \"scope\": \"reg-update\"}", true},
        {"{\"sub\": \"QxN3vJkPq81LmZa\", \"scope\": \"reg\"}", false},
        {"{\"scope\": [\"reg-update\"]}", false},
        {"{}", false},
        {"[]", false},
        {"reg-update", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct sv payload = base64url_encode(&a, rows[i].payload, strlen(rows[i].payload));
        struct sv token = sv_printf(&a, "eyJhbGciOiJSUzI1NiJ9.%.*s.c2ln", SV_ARG(payload));
        assert_int_equal(lti_register_is_update(token, &a), rows[i].is_update);
    }
    assert_false(lti_register_is_update(SV("registration-token"), &a)); /* Canvas's is opaque */
    assert_false(lti_register_is_update(SV(""), &a));
}

static void lti_register_refusal__has_words_of_its_own_for_everything(void **state) {
    (void)state;
    static const struct {
        int status;
        const char *body, *word;
    } rows[] = {{401, "token_already_used", "used already"},
                {401, "missing_registration_token", "gave none"},
                {400, "domain_targetlinkuri_mismatch", "base_url"},
                {400, "{\"error\":\"invalid_redirect_uri\"}", "launch address"},
                {400, "missing required attribute contacts", "by hand"},
                {401, "", "run out"},
                {403, "<html>", "run out"},
                {404, "<html>", "nothing at the address"},
                {400, "EVIL", "without saying why"},
                {302, "EVIL", "without saying why"},
                {429, "", "few minutes"},
                {503, "EVIL", "few minutes"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *said = lti_register_refusal(rows[i].status, sv_from(rows[i].body));
        if (strstr(said, rows[i].word) == NULL || strstr(said, "EVIL") != NULL) {
            fail_msg("row %zu: %s", i, said);
        }
    }
}

static void lti_register_canvas_key__is_a_developer_key(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *key = lti_register_canvas_key(&US, &a);
    const json_t *extension = json_array_get(json_object_get(key, "extensions"), 0);
    const json_t *placements =
        json_object_get(json_object_get(extension, "settings"), "placements");
    assert_string_equal(text_at(key, "target_link_uri"), "https://badges.example:8443/lti/launch");
    assert_string_equal(text_at(key, "oidc_initiation_url"),
                        "https://badges.example:8443/lti/login");
    assert_string_equal(text_at(key, "public_jwk_url"), "https://badges.example:8443/lti/jwks/x");
    assert_int_equal(json_array_size(json_object_get(key, "scopes")), LTI_REGISTER_SERVICES);
    assert_string_equal(text_at(extension, "platform"), "canvas.instructure.com");
    assert_string_equal(text_at(extension, "domain"), "badges.example:8443");
    assert_int_equal(json_array_size(placements), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_register_platform_parse__reads_moodles),
        cmocka_unit_test(lti_register_platform_parse__takes_the_audience_where_it_works),
        cmocka_unit_test(lti_register_platform_parse__judges_every_member),
        cmocka_unit_test(lti_register_platform_parse__takes_json_and_nothing_else),
        cmocka_unit_test(lti_register_platform_parse__knows_canvas_clouds_hosts),
        cmocka_unit_test(lti_register_request__asks_moodle_for_what_is_needed),
        cmocka_unit_test(lti_register_request__asks_for_no_message_and_scope_that_is_not_offered),
        cmocka_unit_test(lti_register_request__speaks_canvas),
        cmocka_unit_test(lti_register_grant_parse__judges),
        cmocka_unit_test(lti_register_is_update__believes_moodles_scope),
        cmocka_unit_test(lti_register_refusal__has_words_of_its_own_for_everything),
        cmocka_unit_test(lti_register_canvas_key__is_a_developer_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
