/* The split and the header gate: bytes as a compact JWS. What passes has a fit kid. */
#include "jose_jws.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a;
    arena_init(&a);
    struct err err = {0};
    struct jose_jws jws;
    if (jose_jws_split(&a, sv_of((const char *)data, size), 65536, &jws, &err) &&
        jose_jws_header(&a, &jws, &err) && !jose_kid_is_valid(jws.kid)) {
        abort();
    }
    return 0;
}
