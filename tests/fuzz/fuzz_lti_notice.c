/* A delivery of notices, and what each token says of its sender before anything is verified. */
#include "lti_notice.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv *tokens = NULL;
    size_t count = 0;
    if (!lti_notice_batch_read(sv_of((const char *)data, size), &a, &tokens, &count, &err)) {
        return 0;
    }
    if (count > LTI_NOTICES_MAX) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        struct err why = {0};
        struct sv issuer = {0};
        struct sv client_id = {0};
        if (lti_notice_sender(tokens[i], &a, &issuer, &client_id, &why) &&
            (issuer.len == 0 || client_id.len == 0 || !sv_is_utf8(issuer))) {
            abort();
        }
    }
    return 0;
}
