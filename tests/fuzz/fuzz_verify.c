/* Any bytes as a file to verify: images, tokens, JSON. Nothing is valid without a fetched key, all
 * sentences are UTF-8 without control characters, and only fit URLs are named. */
#include "credential_unbake.h"
#include "credential_verify.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_plain(struct sv text) {
    if (!sv_is_utf8(text)) {
        abort();
    }
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct credential_report report;
    struct credential_verify_input in = {.bytes = sv_of((const char *)data, size),
                                         .now = INT64_C(1700000000) * USEC_PER_S,
                                         .email = SV("a@example.com")};
    credential_verify(&in, &a, &report);
    for (int i = 0; i < CREDENTIAL_CHECK_COUNT; i++) {
        must_be_plain(report.checks[i].text);
    }
    must_be_plain(report.name);
    if (report.is_valid || (report.next_url.len > 0 && !sv_starts(report.next_url, SV("http")))) {
        abort();
    }
    /* Whatever a URL would answer. */
    if (report.next_url.len > 0) {
        const struct credential_source source = {.url = report.next_url, .body = in.bytes};
        in.sources = &source;
        in.source_count = 1;
        credential_verify(&in, &a, &report);
        if (report.is_valid) {
            abort();
        }
    }
    return 0;
}
