/* Bytes as the payload of a launch whose signature was right. */
#include "support_launch.h"

static void must(bool is_so) {
    if (!is_so) {
        abort();
    }
}

static bool is_id(struct sv id) { return id.len >= 1 && id.len <= LTI_ID_MAX; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a;
    arena_init(&a);
    struct err err = {0};
    json_t *root = NULL;
    if (!js_parse(sv_of((const char *)data, size), LTI_ID_TOKEN_MAX, "payload", &root, &err)) {
        return 0;
    }
    AUTO_JSON *payload = root;
    struct lti_claims_check check = launch_check();
    struct lti_launch out;
    if (!lti_claims_read(&check, payload, &a, &out, &err)) {
        must(err.code == ERR_DENIED && err.reason[0] != '\0');
        return 0;
    }
    must(is_id(out.launch.sub) && is_id(out.launch.deployment_id));
    must(out.launch.context_id.len <= LTI_ID_MAX && out.launch.name.len <= LTI_NAME_MAX);
    must(out.launch.mentee_count <= MODEL_MENTEES_MAX && out.launch.role <= MODEL_ROLE_TEACHER);
    json_t *custom = NULL;
    must(js_parse(out.launch.custom_json, LTI_CUSTOM_BYTES_MAX, "custom", &custom, &err));
    json_decref(custom);
    return 0;
}
