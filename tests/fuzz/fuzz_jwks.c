/* Bytes as a key set. Each usable key verifies without a crash and writes six members. */
#include "jose_keyset.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct jose_keyset *set = NULL;
    struct err err = {0};
    if (!jose_keyset_parse(sv_of((const char *)data, size), &set, &err)) {
        return 0;
    }
    size_t dropped = 0;
    for (int d = JOSE_DROP_NONE; d < JOSE_DROP_COUNT; d++) {
        dropped += jose_keyset_dropped(set, (enum jose_drop)d);
    }
    if (jose_keyset_count(set) + dropped > JOSE_KEYSET_KEYS_MAX) {
        abort();
    }
    struct jose_key *key = jose_keyset_find(set, SV("k"));
    if (key != NULL) {
        static const char zeros[256];
        AUTO_JSON *jwk = jose_key_public_jwk(key);
        if (json_object_size(jwk) != 6 ||
            jose_key_verify_rs256(key, SV("x"), sv_of(zeros, sizeof zeros))) {
            abort();
        }
    }
    jose_keyset_destroy(set);
    return 0;
}
