/* The Link header of a foreign server. */
#include "net_link.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct sv url = {0};
    if (net_link_find(&a, sv_of((const char *)data, size), SV("next"), &url) && url.len > size) {
        abort(); /* what is found is a part of what was sent */
    }
    return 0;
}
