/* What a platform says of itself, and its answer to a registration. */
#include "lti_register.h"
#include "lti_url.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_platform(struct sv body, struct sv config_url, struct arena *a) {
    const struct lti_register_judge judge = {.config_url = config_url};
    const struct lti_register_tool tool = {.base_url = SV("https://badges.example"),
                                           .jwks_url = SV("https://badges.example/lti/jwks"),
                                           .logo_url = SV("https://badges.example/logo.svg")};
    struct lti_register_platform platform = {0};
    struct lti_register_grant grant = {0};
    struct err err = {0};
    if (!lti_register_platform_parse(&judge, body, a, &platform, &err)) {
        must(err.code == ERR_INPUT);
        return;
    }
    struct lti_url served;
    struct lti_url registration;
    must(lti_url_is_safe(platform.auth_url) && lti_url_is_safe(platform.token_url) &&
         lti_url_is_safe(platform.jwks_url) && lti_url_read(config_url, &served) &&
         lti_url_read(platform.registration_url, &registration) &&
         lti_url_same_origin(served, registration));
    AUTO_JSON *request = lti_register_request(&tool, &platform, a);
    must(json_is_object(request));
    err = (struct err){0};
    if (lti_register_grant_parse(&platform, body, a, &grant, &err)) {
        must(grant.client_id.len >= 1 && grant.client_id.len <= 255);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct sv body = sv_of((const char *)data, size);
    check_platform(body, SV("https://lms.example/.well-known/openid-configuration"), &a);
    check_platform(body, SV("https://north.instructure.com/api/lti/security/openid-configuration"),
                   &a);
    check_platform(body, SV("http://127.0.0.1:8101/mod/lti/openid-configuration.php"), &a);
    (void)lti_register_refusal(400, body);
    return 0;
}
