/* One page of a platform's roster. */
#include "lti_nrps.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct lti_roster roster = {0};
    if (!lti_nrps_page_parse(sv_of((const char *)data, size), &a, &roster, &err)) {
        return 0;
    }
    for (size_t i = 0; i < roster.count; i++) {
        if (roster.members[i].sub.len == 0 || !sv_is_utf8(roster.members[i].name)) {
            abort();
        }
    }
    return 0;
}
