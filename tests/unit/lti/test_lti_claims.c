#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support_claims.h"

#define ASKED                                                                                      \
    "{\"deep_link_return_url\":\"https://school.instructure.com/r\",\"accept_types\":["            \
    "\"ltiResourceLink\"]}"

struct row {
    const char *name, *patch, *reason;
};

static const struct row ROWS[] = {
    {"P1 as it is", "{}", ""},
    {"C1 iss other", "{\"iss\":\"https://evil.example\"}", "iss"},
    {"C1 iss trailing slash", "{\"iss\":\"https://canvas.instructure.com/\"}", "iss"},
    {"C1 iss http", "{\"iss\":\"http://canvas.instructure.com\"}", "iss"},
    {"C1 iss upper case", "{\"iss\":\"https://CANVAS.instructure.com\"}", "iss"},
    {"C1 iss missing", "{\"iss\":null}", "iss"},
    {"C1 iss with a space", "{\"iss\":\"https://canvas.instructure.com \"}", "iss"},
    {"B9 iss with a zero-width space", "{\"iss\":\"https://canvas.instructure.com\xe2\x80\x8b\"}",
     "iss"},
    {"B9 iss full width",
     "{\"iss\":\"https://\xef\xbd\x83"
     "anvas.instructure.com\"}",
     "iss"},
    {"B9 iss combining mark", "{\"iss\":\"https://canvas.instructure\xcc\x81.com\"}", "iss"},
    {"C2 aud other", "{\"aud\":\"10000000000043\"}", "aud"},
    {"C2 aud missing", "{\"aud\":null}", "aud"},
    {"C2 aud empty array", "{\"aud\":[]}", "aud"},
    {"C2 aud array of numbers", "{\"aud\":[10000000000042]}", "aud"},
    {"C2 aud number", "{\"aud\":10000000000042}", "aud"},
    {"C2 aud object", "{\"aud\":{}}", "aud"},
    {"C2 aud prefix", "{\"aud\":\"1000000000004\"}", "aud"},
    {"P4 aud one-element array", "{\"aud\":[\"" AUD "\"]}", ""},
    {"P4 aud one-element array, no azp", "{\"aud\":[\"" AUD "\"],\"azp\":null}", ""},
    {"C3 aud with another, no azp", "{\"aud\":[\"" AUD "\",\"other\"],\"azp\":null}", "aud"},
    {"C4 aud with another, azp ours", "{\"aud\":[\"" AUD "\",\"other\"]}", "aud"},
    {"C4 aud with another in front", "{\"aud\":[\"other\",\"" AUD "\"]}", "aud"},
    {"row 8 aud ours twice, no azp", "{\"aud\":[\"" AUD "\",\"" AUD "\"],\"azp\":null}", "azp"},
    {"row 8 aud ours twice, azp", "{\"aud\":[\"" AUD "\",\"" AUD "\"]}", ""},
    {"C5 azp another", "{\"azp\":\"other\"}", "azp"},
    {"C5 azp array", "{\"azp\":[\"" AUD "\"]}", "azp"},
    {"C5 azp number", "{\"azp\":10000000000042}", "azp"},
    {"P3 azp absent", "{\"azp\":null}", ""},
    /* now is 1760000030 */
    {"C6 exp past leeway", "{\"iat\":1759999900,\"exp\":1759999970}", "exp"},
    {"C6 exp just within leeway", "{\"iat\":1759999900,\"exp\":1759999971}", ""},
    {"C6 exp missing (cert B7)", "{\"exp\":null}", "exp"},
    {"C6 exp equal to iat", "{\"iat\":1760000010,\"exp\":1760000010}", "exp"},
    {"C6 exp before iat", "{\"iat\":1760000030,\"exp\":1760000020}", "exp"},
    {"C7 exp ten years ahead", "{\"exp\":2075360000}", "exp"},
    {"C7 exp a day after iat", "{\"exp\":1760086400}", ""},
    {"C7 exp a day and a second after iat", "{\"exp\":1760086401}", "exp"},
    {"B7 exp string", "{\"exp\":\"9999999999\"}", "exp"},
    {"B7 exp true", "{\"exp\":true}", "exp"},
    {"B7 exp negative", "{\"exp\":-1}", "exp"},
    {"B7 exp 2^63-1", "{\"exp\":9223372036854775807}", "exp"},
    {"B7 exp 1e300", "{\"exp\":1e300}", "exp"},
    {"B7 exp fractional", "{\"exp\":1760003600.5}", ""},
    {"C8 iat in the future (cert B7)", "{\"iat\":1760000091}", "iat"},
    {"C8 iat within leeway", "{\"iat\":1760000090}", ""},
    {"C8 iat hours old", "{\"iat\":1759990000}", "iat"},
    {"C8 iat ten minutes old", "{\"iat\":1759999430}", ""},
    {"C8 iat ten minutes and a second old", "{\"iat\":1759999429}", "iat"},
    {"C8 iat missing", "{\"iat\":null}", "iat"},
    {"B7 iat string", "{\"iat\":\"1760000000\"}", "iat"},
    {"B7 iat negative", "{\"iat\":-1760000000}", "iat"},
    {"P6 iat fractional", "{\"iat\":1760000000.25}", ""},
    {"C9 nbf in the future", "{\"nbf\":1760000091}", "nbf"},
    {"C9 nbf within leeway", "{\"nbf\":1760000090}", ""},
    {"C9 nbf string", "{\"nbf\":\"1\"}", "nbf"},
    {"C13 nonce missing", "{\"nonce\":null}", "nonce"},
    {"C13 nonce empty", "{\"nonce\":\"\"}", "nonce"},
    {"C13 nonce of another state", "{\"nonce\":\"nonce-of-this-state-02\"}", "nonce"},
    {"C13 nonce prefix", "{\"nonce\":\"nonce-of-this-state-0\"}", "nonce"},
    {"C13 nonce number", "{\"nonce\":1}", "nonce"},
    {"C14 version 1.3", "{\"" LTI "version\":\"1.3\"}", "version"},
    {"C14 version a number", "{\"" LTI "version\":1.3}", "version"},
    {"C14 version with a space", "{\"" LTI "version\":\"1.3.0 \"}", "version"},
    {"C14 version 11.3 (cert B3)", "{\"" LTI "version\":\"11.3\"}", "version"},
    {"C14 version missing (cert B4)", "{\"" LTI "version\":null}", "version"},
    {"C15 type missing (cert B8)", "{\"" LTI "message_type\":null}", "message_type"},
    {"C15 type unknown", "{\"" LTI "message_type\":\"LtiStartProctoring\"}", "message_type"},
    {"C15 a response", "{\"" LTI "message_type\":\"LtiDeepLinkingResponse\"}", "message_type"},
    {"C15 lower case", "{\"" LTI "message_type\":\"ltiresourcelinkrequest\"}", "message_type"},
    {"C15 array", "{\"" LTI "message_type\":[\"LtiResourceLinkRequest\"]}", "message_type"},
    {"C16 deployment missing (cert B10)", "{\"" ID "\":null}", "deployment"},
    {"C16 deployment empty", "{\"" ID "\":\"\"}", "deployment"},
    {"C16 deployment number", "{\"" ID "\":1}", "deployment"},
    {"C16 deployment not ASCII", "{\"" ID "\":\"d\xc3\xa9\"}", "deployment"},
    {"C16 deployment with a control", "{\"" ID "\":\"a\\nb\"}", "deployment"},
    {"P9 deployment of 255", "{\"" ID "\":\"" X255 "\"}", ""},
    {"B12 deployment of 256", "{\"" ID "\":\"" X256 "\"}", "deployment"},
    {"C19 sub missing (cert B12)", "{\"sub\":null}", "sub"},
    {"C19 sub empty", "{\"sub\":\"\"}", "sub"},
    {"C19 sub number", "{\"sub\":4}", "sub"},
    {"C19 sub not ASCII", "{\"sub\":\"\xd0\xb0\"}", "sub"},
    {"P9 sub of 255", "{\"sub\":\"" X255 "\"}", ""},
    {"B12 sub of 256", "{\"sub\":\"" X256 "\"}", "sub"},
    {"C18 roles missing (cert B9)", "{\"" LTI "roles\":null}", "roles"},
    {"C18 roles empty (V5)", "{\"" LTI "roles\":[]}", ""},
    {"C18 roles unknown (V4)", "{\"" LTI "roles\":[\"x\"]}", ""},
    {"B10 roles a string", "{\"" LTI "roles\":\"" M "Learner\"}", "roles"},
    {"C17 link missing (cert B11)", "{\"" LINK "\":null}", "resource_link"},
    {"C17 link id missing", "{\"" LINK "\":{\"id\":null}}", "resource_link"},
    {"C17 link id empty", "{\"" LINK "\":{\"id\":\"\"}}", "resource_link"},
    {"C17 link id number", "{\"" LINK "\":{\"id\":1}}", "resource_link"},
    {"B10 link a string", "{\"" LINK "\":\"6f1c\"}", "resource_link"},
    {"B10 link an array", "{\"" LINK "\":[]}", "resource_link"},
    {"P9 link id of 255", "{\"" LINK "\":{\"id\":\"" X255 "\"}}", ""},
    {"B12 link id of 256", "{\"" LINK "\":{\"id\":\"" X256 "\"}}", "resource_link"},
    {"P9 context id of 255", "{\"" LTI "context\":{\"id\":\"" X255 "\"}}", ""},
    {"B12 context id of 256", "{\"" LTI "context\":{\"id\":\"" X256 "\"}}", "context"},
    {"C23 target missing", "{\"" TARGET "\":null}", "target_link_uri"},
    {"C23 target number", "{\"" TARGET "\":1}", "target_link_uri"},
    {"C23 foreign", "{\"" TARGET "\":\"https://evil.example/lti\"}", "target_link_uri"},
    {"C23 foreign, ours in front", "{\"" TARGET "\":\"https://badges.example.evil.example/\"}",
     "target_link_uri"},
    {"C23 javascript", "{\"" TARGET "\":\"javascript:alert(1)\"}", "target_link_uri"},
    {"C23 no scheme", "{\"" TARGET "\":\"//badges.example/x\"}", "target_link_uri"},
    {"C23 path only", "{\"" TARGET "\":\"/lti/launch\"}", "target_link_uri"},
    {"C23 userinfo, foreign", "{\"" TARGET "\":\"https://badges.example@evil/\"}",
     "target_link_uri"},
    {"C23 userinfo, ours", "{\"" TARGET "\":\"https://x@badges.example/\"}", "target_link_uri"},
    {"C23 backslash", "{\"" TARGET "\":\"\\\\evil.example\"}", "target_link_uri"},
    {"C23 backslash in authority", "{\"" TARGET "\":\"https://badges.example\\\\@evil.example\"}",
     "target_link_uri"},
    {"C23 other port", "{\"" TARGET "\":\"https://badges.example:8443/\"}", "target_link_uri"},
    {"C23 http", "{\"" TARGET "\":\"http://badges.example/\"}", "target_link_uri"},
    {"C23 ours with query", "{\"" TARGET "\":\"https://badges.example/lti/launch?badge=7\"}", ""},
    {"C23 ours, port written", "{\"" TARGET "\":\"https://badges.example:443/x\"}", ""},
    {"C17 deep linking without link",
     "{\"" LTI "message_type\":\"LtiDeepLinkingRequest\",\"" LINK "\":null,\"" DEEP "\":" ASKED "}",
     ""},
    {"H1 deep linking with an answer to a stranger",
     "{\"" LTI "message_type\":\"LtiDeepLinkingRequest\",\"" DEEP
     "\":{\"deep_link_return_url\":\"https://evil.example/\",\"accept_types\":["
     "\"ltiResourceLink\"]}}",
     "deep_linking"},
    {"deep linking without settings",
     "{\"" LTI "message_type\":\"LtiDeepLinkingRequest\",\"" LINK "\":null}", "deep_linking"},
    {"deep linking without target",
     "{\"" LTI "message_type\":\"LtiDeepLinkingRequest\",\"" DEEP "\":" ASKED ",\"" TARGET
     "\":null}",
     ""},
    {"deep linking with a foreign target",
     "{\"" LTI "message_type\":\"LtiDeepLinkingRequest\",\"" DEEP "\":" ASKED ",\"" TARGET
     "\":\"https://evil.example/\"}",
     "target_link_uri"},
    {"P2 unknown claims, errors", "{\"errors\":{\"errors\":{}},\"x\":[1],\"https://y\":null}", ""},
};

static void lti_claims_read__judges(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct lti_claims_check check = launch_check();
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        print_message("  %s\n", ROWS[i].name);
        AUTO_JSON *payload = launch_claims(ROWS[i].patch);
        assert_string_equal(judge(&a, &check, payload, NULL), ROWS[i].reason);
    }
}

/* Each row is broken in one place and in all later ones: the first one decides (lti.md 1.5). */
static void lti_claims_read__checks_in_the_order_of_the_reference(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct lti_claims_check check = launch_check();
    static const struct row order[] = {
        {NULL, "{\"" LTI "context\":{\"id\":\"" X256 "\"}}", "context"},
        {NULL, "{\"" TARGET "\":null}", "target_link_uri"},
        {NULL, "{\"" LINK "\":null}", "resource_link"},
        {NULL, "{\"" LTI "roles\":null}", "roles"},
        {NULL, "{\"sub\":null}", "sub"},
        {NULL, "{\"" ID "\":null}", "deployment"},
        {NULL, "{\"" LTI "message_type\":null}", "message_type"},
        {NULL, "{\"" LTI "version\":null}", "version"},
        {NULL, "{\"nonce\":null}", "nonce"},
        {NULL, "{\"nbf\":\"x\"}", "nbf"},
        {NULL, "{\"iat\":null}", "iat"},
        {NULL, "{\"exp\":null}", "exp"},
        {NULL, "{\"azp\":\"x\"}", "azp"},
        {NULL, "{\"aud\":null}", "aud"},
        {NULL, "{\"iss\":null}", "iss"}};
    AUTO_JSON *payload = launch_claims(NULL);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        print_message("  %s\n", order[i].reason);
        AUTO_JSON *patch = launch_json(order[i].patch);
        json_decref(launch_merge(payload, patch));
        assert_string_equal(judge(&a, &check, payload, NULL), order[i].reason);
    }
}

/* attacks.md B11; cert B5 */
static void lti_claims_read__refuses_what_is_no_launch(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct lti_claims_check check = launch_check();
    static const char *const rows[] = {
        "null", "[]", "\"x\"", "7", "true", "{}", "{\"name\":\"LTI\",\"valid\":false}", "[{}]"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  B11 %s\n", rows[i]);
        AUTO_JSON *payload = launch_json(rows[i]);
        assert_string_equal(judge(&a, &check, payload, NULL), "iss");
    }
    assert_string_equal(judge(&a, &check, NULL, NULL), "iss");
}

struct required {
    const char *claim, *member; /* member NULL: the claim itself */
    const char *reason;
    const char *fit; /* the mutation that is fine, or NULL */
};

/* What a wrong type of each claim leads to; those not here are optional: the launch goes on. */
static const struct required REQUIRED[] = {
    {"iss", NULL, "iss", NULL},
    {"aud", NULL, "aud", NULL},
    {"azp", NULL, "azp", "null"},
    {"exp", NULL, "exp", NULL},
    {"iat", NULL, "iat", NULL},
    {"nonce", NULL, "nonce", NULL},
    {LTI "version", NULL, "version", NULL},
    {LTI "message_type", NULL, "message_type", NULL},
    {ID, NULL, "deployment", "\"x\""},
    {"sub", NULL, "sub", "\"x\""},
    {LTI "roles", NULL, "roles", "[]"},
    {LINK, NULL, "resource_link", NULL},
    {LINK, "id", "resource_link", "\"x\""},
    {TARGET, NULL, "target_link_uri", NULL},
};

static const char *expected(const char *claim, const char *member, const char *mutation) {
    for (size_t i = 0; i < ARRAY_LEN(REQUIRED); i++) {
        const struct required *r = &REQUIRED[i];
        bool is_member = (member == NULL) == (r->member == NULL) &&
                         (member == NULL || strcmp(member, r->member) == 0);
        if (strcmp(claim, r->claim) == 0 && is_member) {
            return r->fit != NULL && strcmp(r->fit, mutation) == 0 ? "" : r->reason;
        }
    }
    return "";
}

/* attacks.md B10 */
static void lti_claims_read__stands_every_type_in_every_claim(void **state) {
    (void)state;
    static const char *const mutations[] = {
        "null", "true",   "7",    "1.5",  "\"x\"",     "\"\"",       "[]",
        "{}",   "[null]", "[[]]", "[{}]", "[1,\"x\"]", "{\"a\":{}}", "{\"id\":{\"id\":1}}",
        "-1",   "1e300"};
    AUTO_ARENA a;
    arena_init(&a);
    struct lti_claims_check check = launch_check();
    AUTO_JSON *base = launch_claims(NULL);
    size_t tried = 0;
    const char *claim = NULL;
    json_t *value = NULL;
    json_object_foreach(base, claim, value) {
        for (size_t i = 0; i < ARRAY_LEN(mutations); i++) {
            AUTO_JSON *payload = launch_claims(NULL);
            (void)json_object_set_new(payload, claim, launch_json(mutations[i]));
            const char *reason = judge(&a, &check, payload, NULL);
            if (strcmp(reason, expected(claim, NULL, mutations[i])) != 0) {
                fail_msg("B10 %s = %s: \"%s\"", claim, mutations[i], reason);
            }
            tried++;
        }
        const char *member = NULL;
        json_t *ignored = NULL;
        json_object_foreach(value, member, ignored) {
            for (size_t i = 0; i < ARRAY_LEN(mutations); i++) {
                AUTO_JSON *payload = launch_claims(NULL);
                (void)json_object_set_new(json_object_get(payload, claim), member,
                                          launch_json(mutations[i]));
                const char *reason = judge(&a, &check, payload, NULL);
                if (strcmp(reason, expected(claim, member, mutations[i])) != 0) {
                    fail_msg("B10 %s.%s = %s: \"%s\"", claim, member, mutations[i], reason);
                }
                tried++;
            }
            arena_reset(&a);
        }
    }
    print_message("  B10 %zu mutations\n", tried);
}

/* attacks.md P12: each server's clock may be half a minute off */
static void lti_claims_read__stands_clocks_thirty_seconds_apart(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JSON *payload = launch_claims("{\"exp\":1760000060}"); /* Moodle: iat + 60 s */
    static const struct {
        int64_t now_s;
        const char *reason;
    } rows[] = {{1760000000 - 30, ""}, {1760000000 - 60, ""}, {1760000000 - 61, "iat"},
                {1760000060 + 30, ""}, {1760000060 + 59, ""}, {1760000060 + 60, "exp"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lti_claims_check check = launch_check();
        check.now = rows[i].now_s * USEC_PER_S;
        assert_string_equal(judge(&a, &check, payload, NULL), rows[i].reason);
        check.leeway_s = 3600; /* never more than a minute */
        assert_string_equal(judge(&a, &check, payload, NULL), rows[i].reason);
    }
}

/* attacks.md C13, C16 */
static void lti_claims_read__holds_nonce_and_deployment_against_the_login(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JSON *payload = launch_claims(NULL);
    struct lti_claims_check check = launch_check();
    unsigned char digest[32];
    struct sv same = SV("57:8865aa05b4b79b64a91a86042e43af5ea8ae79eb");
    struct sv other = SV("58:8865aa05b4b79b64a91a86042e43af5ea8ae79eb");
    sha256(same.ptr, same.len, digest);
    check.deployment_digest = digest;
    assert_string_equal(judge(&a, &check, payload, NULL), "");
    sha256(other.ptr, other.len, digest);
    assert_string_equal(judge(&a, &check, payload, NULL), "deployment");
    check = launch_check();
    check.nonce = sv_of(NULL, 0);
    assert_string_equal(judge(&a, &check, payload, NULL), "nonce");
    AUTO_JSON *empty = launch_claims("{\"nonce\":\"\"}");
    assert_string_equal(judge(&a, &check, empty, NULL), "nonce");
}

/* attacks.md D3: registration from the state, issuer and audience from the token */
static void lti_claims_read__refuses_a_registration_without_names(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct model_registration nameless = {.id = 1};
    struct lti_claims_check check = launch_check();
    check.registration = &nameless;
    AUTO_JSON *payload = launch_claims("{\"iss\":\"\",\"aud\":\"\"}");
    assert_string_equal(judge(&a, &check, payload, NULL), "iss");
    nameless.issuer = SV("https://canvas.instructure.com");
    AUTO_JSON *no_audience = launch_claims("{\"aud\":\"\"}");
    assert_string_equal(judge(&a, &check, no_audience, NULL), "aud");
}

/* Certification 6.1.2, each as teacher and as student (lti.md 2.2) */
static void lti_claims_read__takes_the_18_valid_certification_launches(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
#define NO_NAMES "\"name\":null,\"given_name\":null,\"family_name\":null"
    static const struct {
        const char *name, *patch;
        const char *teacher, *student; /* roles */
        bool is_guest;
    } rows[] = {
        {"V1 plain", "{}", "[\"" M "Instructor\"]", "[\"" M "Learner\"]", false},
        {"V2 with roles", "{}",
         "[\"" LIS "institution/person#Faculty\",\"" M "Instructor\",\"" M "Mentor\"]",
         "[\"" LIS "institution/person#Student\",\"" M "Learner\",\"" M "Member\"]", false},
        {"V3 short role", "{}", "[\"Instructor\"]", "[\"Learner\"]", false},
        {"V4 unknown role", "{}", "[\"http://x.example/unknown#Helper\"]",
         "[\"http://x.example/unknown#Unknown\"]", true},
        {"V5 no role", "{}", "[]", "[]", true},
        {"V6 email only", "{" NO_NAMES "}", "[\"" M "Instructor\"]", "[\"" M "Learner\"]", false},
        {"V7 names only", "{\"email\":null}", "[\"" M "Instructor\"]", "[\"" M "Learner\"]", false},
        {"V8 no PII", "{\"email\":null," NO_NAMES "}", "[\"" M "Instructor\"]",
         "[\"" M "Learner\"]", false},
        {"V9 email without context", "{" NO_NAMES ",\"" LTI "context\":null}",
         "[\"" M "Instructor\"]", "[\"" M "Learner\"]", false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int is_teacher = 0; is_teacher < 2; is_teacher++) {
            print_message("  P1 %s, %s\n", rows[i].name, is_teacher ? "teacher" : "student");
            AUTO_JSON *payload = launch_claims(rows[i].patch);
            (void)json_object_set_new(payload, LTI "roles",
                                      launch_json(is_teacher ? rows[i].teacher : rows[i].student));
            struct lti_claims_check check = launch_check();
            struct lti_launch got;
            assert_string_equal(judge(&a, &check, payload, &got), "");
            enum model_role want = is_teacher ? MODEL_ROLE_TEACHER : MODEL_ROLE_LEARNER;
            assert_int_equal(got.launch.role, rows[i].is_guest ? MODEL_ROLE_GUEST : want);
            assert_int_equal(got.launch.email.len == 0,
                             rows[i].name[1] == '7' || rows[i].name[1] == '8');
            assert_int_equal(got.launch.context_id.len == 0, rows[i].name[1] == '9');
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_claims_read__judges),
        cmocka_unit_test(lti_claims_read__checks_in_the_order_of_the_reference),
        cmocka_unit_test(lti_claims_read__refuses_what_is_no_launch),
        cmocka_unit_test(lti_claims_read__stands_every_type_in_every_claim),
        cmocka_unit_test(lti_claims_read__stands_clocks_thirty_seconds_apart),
        cmocka_unit_test(lti_claims_read__holds_nonce_and_deployment_against_the_login),
        cmocka_unit_test(lti_claims_read__refuses_a_registration_without_names),
        cmocka_unit_test(lti_claims_read__takes_the_18_valid_certification_launches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
