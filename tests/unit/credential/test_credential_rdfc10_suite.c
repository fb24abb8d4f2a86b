/* The W3C test suite of RDFC-1.0, whole: evaluation, map and negative tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_rdf.h"
#include "support_credential.h"
#include "support_shared.h"
#include <string.h>

#define SUITE "openbadges/rdfc10-tests"

/* Every label of the map, by the input's label. */
static bool map_is_right(struct arena *a, const struct credential_canon *out, struct sv want_text) {
    struct err err = {0};
    json_t *want = NULL;
    if (!js_parse(want_text, want_text.len, "the map", &want, &err)) {
        fail_msg("%s", err.text);
    }
    UNUSED AUTO_JSON *owned = want;
    size_t right = 0;
    for (size_t i = 0; i < out->blank_count; i++) {
        right += sv_eq(js_sv(json_object_get(owned, sv_c(a, out->blanks[i]))), out->labels[i]);
    }
    return right == out->blank_count && json_object_size(owned) == out->blank_count;
}

static bool run(const json_t *entry) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct credential_canon out = {0};
    struct credential_dataset set;
    struct sv type = js_sv(json_object_get(entry, "type"));
    struct credential_canon_options how = {
        .hash = sv_eq(js_sv(json_object_get(entry, "hashAlgorithm")), SV("SHA384"))
                    ? CREDENTIAL_SHA384
                    : CREDENTIAL_SHA256};
    const char *in = json_string_value(json_object_get(entry, "action"));
    const char *result = json_string_value(json_object_get(entry, "result"));
    struct sv text = shared_read(&a, arena_printf(&a, SUITE "/%s", in));
    credential_dataset_init(&set, &a);
    if (!credential_nquads_parse(text, &set, &err)) {
        fail_msg("%s: %s", in, err.text);
    }
    bool is_done = credential_canonicalise(&set, &how, &a, &out, &err);
    if (sv_eq(type, SV("rdfc:RDFC10NegativeEvalTest"))) {
        return !is_done && strcmp(err.reason, "too_hard") == 0;
    }
    struct sv want = shared_read(&a, arena_printf(&a, SUITE "/%s", result));
    return is_done && (sv_eq(type, SV("rdfc:RDFC10MapTest")) ? map_is_right(&a, &out, want)
                                                             : sv_eq(out.text, want));
}

static void rdfc__passes_the_whole_suite_of_w3c(void **state) {
    (void)state;
    if (!shared_is_there(SUITE "/manifest.jsonld")) {
        skip();
    }
    AUTO_ARENA a = {0};
    struct err err = {0};
    json_t *manifest = NULL;
    struct sv text = shared_read(&a, SUITE "/manifest.jsonld");
    assert_true(js_parse(text, text.len, "the manifest", &manifest, &err));
    UNUSED AUTO_JSON *owned = manifest;
    size_t failed = 0;
    size_t at = 0;
    const json_t *entry = NULL;
    json_array_foreach(json_object_get(owned, "entries"), at, entry) {
        if (!run(entry)) {
            failed++;
            fprintf(stderr, "FAILED: %s %s\n", json_string_value(json_object_get(entry, "id")),
                    json_string_value(json_object_get(entry, "name")));
        }
    }
    printf("RDFC-1.0 suite: %zu of %zu passed\n", at - failed, at);
    assert_int_equal(at, 86);
    assert_int_equal(failed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rdfc__passes_the_whole_suite_of_w3c),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
