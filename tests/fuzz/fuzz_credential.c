/* Any bytes as a credential's JSON: its JCS form is JSON of the same value and its own JCS form;
 * what may be signed can be emitted for verifying too, and comes out alike. */
#include "credential_json.h"
#include "credential_structure.h"
#include "credential_terms.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void jcs_twice(const json_t *value) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv one;
    struct sv two;
    json_t *again = NULL;
    if (!credential_jcs(value, &a, &one, &err)) {
        return;
    }
    if (!credential_json_parse(one, "it", &again, &err)) {
        abort();
    }
    UNUSED AUTO_JSON *owned = again;
    if (!credential_jcs(again, &a, &two, &err) || !sv_eq(one, two)) {
        abort();
    }
}

static bool canonical(struct arena *a, const json_t *value, bool is_for_signing, struct sv *out) {
    struct err err = {0};
    struct credential_dataset set;
    struct credential_canon canon;
    const struct credential_canon_options how = {.calls_max = 64};
    credential_dataset_init(&set, a);
    if (!credential_emit(value, is_for_signing, &set, &err) ||
        !credential_canonicalise(&set, &how, a, &canon, &err)) {
        return false;
    }
    *out = canon.text;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    json_t *value = NULL;
    struct sv strict;
    struct sv lenient;
    if (!credential_json_parse(sv_of((const char *)data, size), "it", &value, &err)) {
        return 0;
    }
    UNUSED AUTO_JSON *owned = value;
    jcs_twice(value);
    (void)!credential_structure_check(value, &err);
    if (canonical(&a, value, true, &strict) &&
        (!canonical(&a, value, false, &lenient) || !sv_eq(strict, lenient))) {
        abort();
    }
    return 0;
}
