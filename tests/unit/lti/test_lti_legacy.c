#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lti_legacy.h"

/* The example of 1EdTech's LTI 1.1 migration guide; Python's hmac module gives the same. */
static const struct model_registration REGISTRATION = {.issuer = SV("https://lmsvendor.com"),
                                                       .client_id = SV("PM48OJSfGDTAzAo")};
static const struct model_launch LAUNCH = {.deployment_id = SV("689302"),
                                           .nonce = SV("172we8671fd8z"),
                                           .expires_at_s = 1551290856,
                                           .legacy_consumer_key = SV("179248902"),
                                           .legacy_sign =
                                               SV("lWd54kFo5qU7xshAna6v8BwoBm6tmUjc6GTax6+12ps=")};
static const struct sv SECRET = SV("my-lti11-secret");

static bool is_signed(const struct model_registration *r, const struct model_launch *l,
                      struct sv secret) {
    AUTO_ARENA a = {0};
    return lti_legacy_is_signed(r, l, secret, &a);
}

static void legacy__takes_the_example_of_the_standard(void **state) {
    (void)state;
    assert_true(is_signed(&REGISTRATION, &LAUNCH, SECRET));
}

/* Made with Python: a key with a colon, a secret outside ASCII, a deployment with a colon. */
static void legacy__takes_keys_and_secrets_of_any_kind(void **state) {
    (void)state;
    const struct model_registration r = {.issuer = SV("https://canvas.instructure.com"),
                                         .client_id = SV("10000000000001")};
    const struct model_launch l = {.deployment_id = SV("1:8865aa"),
                                   .nonce = SV("n-0S6_WzA2Mj"),
                                   .expires_at_s = 1893456000,
                                   .legacy_consumer_key = SV("old key:1"),
                                   .legacy_sign =
                                       SV("JVHgQrwxsHQBGxqEGP8Ozx2n8Z8UgKNvG3xxqpn0CmY=")};
    assert_true(is_signed(&r, &l, SV("cl\xC3\xA9 & secret")));
}

static void legacy__refuses_whatever_was_not_signed(void **state) {
    (void)state;
    struct model_registration r = REGISTRATION;
    r.client_id = SV("another");
    assert_false(is_signed(&r, &LAUNCH, SECRET));
    r = REGISTRATION;
    r.issuer = SV("https://lmsvendor.com/");
    assert_false(is_signed(&r, &LAUNCH, SECRET));
    struct model_launch l = LAUNCH;
    l.deployment_id = SV("689303");
    assert_false(is_signed(&REGISTRATION, &l, SECRET));
    l = LAUNCH;
    l.nonce = SV("another");
    assert_false(is_signed(&REGISTRATION, &l, SECRET));
    l = LAUNCH;
    l.expires_at_s++;
    assert_false(is_signed(&REGISTRATION, &l, SECRET));
    l = LAUNCH;
    l.legacy_consumer_key = SV("179248903");
    assert_false(is_signed(&REGISTRATION, &l, SECRET));
    l = LAUNCH;
    l.legacy_sign = sv_head(LAUNCH.legacy_sign, LAUNCH.legacy_sign.len - 1);
    assert_false(is_signed(&REGISTRATION, &l, SECRET));
    assert_false(is_signed(&REGISTRATION, &LAUNCH, SV("my-lti11-secret ")));
}

static void legacy__refuses_a_launch_without_claim_or_secret(void **state) {
    (void)state;
    struct model_launch l = LAUNCH;
    l.legacy_sign = SV("");
    assert_false(is_signed(&REGISTRATION, &l, SECRET));
    l = LAUNCH;
    l.legacy_consumer_key = SV("");
    assert_false(is_signed(&REGISTRATION, &l, SECRET));
    /* HMAC under an empty key of the signed text: right, and still no proof. */
    assert_false(is_signed(&REGISTRATION, &LAUNCH, SV("")));
}

static void legacy__names_no_two_people_alike(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    assert_true(sv_eq(lti_legacy_name(&a, SV("key"), SV("17")), SV("lti1p1:key:17")));
    assert_true(sv_eq(lti_legacy_name(&a, SV("a:b"), SV("c")), SV("lti1p1:a%3Ab:c")));
    assert_true(sv_eq(lti_legacy_name(&a, SV("a"), SV("b:c")), SV("lti1p1:a:b:c")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(legacy__takes_the_example_of_the_standard),
        cmocka_unit_test(legacy__takes_keys_and_secrets_of_any_kind),
        cmocka_unit_test(legacy__refuses_whatever_was_not_signed),
        cmocka_unit_test(legacy__refuses_a_launch_without_claim_or_secret),
        cmocka_unit_test(legacy__names_no_two_people_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
