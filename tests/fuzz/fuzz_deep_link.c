/* Deep linking settings of a launch whose signature was right, answered. */
#include "support_launch.h"

static void must(bool is_so) {
    if (!is_so) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    AUTO_JSON *settings = NULL;
    struct lti_deep_link asked;
    if (!js_parse(sv_of((const char *)data, size), LTI_ID_TOKEN_MAX, "settings", &settings, &err)) {
        return 0;
    }
    if (!lti_deep_link_read(&LAUNCH_REGISTRATION, settings, &a, &asked, &err)) {
        must(err.code == ERR_DENIED && strcmp(err.reason, "deep_linking") == 0);
        return 0;
    }
    must(lti_claims_is_own_service(&LAUNCH_REGISTRATION, asked.return_url));
    must(asked.data.len <= LTI_DEEP_LINK_DATA_MAX && (asked.has_data || asked.data.len == 0));
    /* What the platform sent goes into texts here, to meet the answer's own rules. */
    const struct lti_deep_link_custom custom = {.name = SV("x"), .value = asked.data};
    const struct lti_deep_link_item item = {
        .title = asked.data, .text = asked.data, .custom = &custom, .custom_count = 1};
    const struct lti_deep_link_answer answer = {.client_id = SV("c"),
                                                .issuer = SV("https://i.example"),
                                                .deployment_id = SV("1"),
                                                .asked = &asked,
                                                .items = &item,
                                                .item_count = 1};
    AUTO_JSON *claims = NULL;
    must(lti_deep_link_claims(&answer, &a, &claims, &err));
    struct sv text = js_dump(
        &a, json_object_get(claims, "https://purl.imsglobal.org/spec/lti-dl/claim/content_items"));
    must(sv_find(text, '\n') == text.len);
    for (size_t i = 0; i + 1 < text.len; i++) {
        must(text.ptr[i] != '\\' || (text.ptr[i + 1] != 'n' && text.ptr[i + 1] != 'r') ||
             (i > 0 && text.ptr[i - 1] == '\\'));
    }
    return 0;
}
