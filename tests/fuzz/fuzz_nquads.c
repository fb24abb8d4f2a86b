/* Any bytes as N-Quads: the canonical form of what parses parses again and is its own canonical
 * form. */
#include "credential_rdf.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool canonical(struct arena *a, struct sv text, struct credential_canon *out) {
    struct err err = {0};
    struct credential_dataset set;
    const struct credential_canon_options how = {.calls_max = 64};
    credential_dataset_init(&set, a);
    return credential_nquads_parse(text, &set, &err) &&
           credential_canonicalise(&set, &how, a, out, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct credential_canon one;
    struct credential_canon two;
    if (!canonical(&a, sv_of((const char *)data, size), &one) || one.calls > one.alike) {
        return 0; /* what is near the limit may pass it in another order */
    }
    if (!canonical(&a, one.text, &two) || !sv_eq(one.text, two.text)) {
        abort();
    }
    return 0;
}
