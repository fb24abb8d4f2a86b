#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jose_did.h"
#include "support_credential.h"

static void jose_did_web__means_the_url_of_every_vector(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *v = vector_load("did-web.json");
    size_t at = 0;
    const json_t *row = NULL;
    json_array_foreach(json_object_get(v, "cases"), at, row) {
        struct err err = {0};
        struct sv url;
        if (!jose_did_web_url(&a, vector_text(row, "did"), &url, &err)) {
            fail_msg("%s", err.text);
        }
        assert_sv_equal(url, vector_text(row, "url"));
    }
    assert_true(at >= 5);
}

static void jose_did_web__refuses_names_that_would_lead_elsewhere(void **state) {
    (void)state;
    static const char *const rows[] = {
        "did:web:",
        "did:key:z6Mk",
        "did:web:host/path",
        "did:web:host#key-1",
        "did:web:host?x=1",
        "did:web:user%40host",
        "did:web:host%2Fpath",
        "did:web:host%3A0",
        "did:web:host%3A65536",
        "did:web:host%3A",
        "did:web:host%3A80%3A80",
        "did:web:host:",
        "did:web:host::a",
        "did:web:host:..:a",
        "did:web:host:%2e%2E:a",
        "did:web:host:%2e",
        "did:web:host:a%zz",
        "did:web:host:a b",
        "did:web:host:a\\b",
        "did:web:.host",
        "did:web:host.",
        "did:web:h\xc3\xb6st",
        "did:web:[%3A%3A1]",
        "DID:WEB:host",
    };
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct sv url;
        if (jose_did_web_url(&a, sv_from(rows[i]), &url, &err)) {
            fail_msg("%s was taken as %.*s", rows[i], SV_ARG(url));
        }
        assert_string_equal(err.reason, "did");
    }
}

static void jose_did_key__gives_its_multikey_and_wants_a_fragment_to_repeat_it(void **state) {
    (void)state;
    AUTO_JSON *keys = vector_load("keys.json");
    struct sv want = vector_text(keys, "ed25519/publicKeyMultibase");
    struct sv got;
    assert_true(jose_did_key_text(vector_text(keys, "ed25519/didKey"), &got));
    assert_sv_equal(got, want);
    assert_true(jose_did_key_text(vector_text(keys, "ed25519/didKeyVerificationMethod"), &got));
    assert_sv_equal(got, want);
    assert_false(jose_did_key_text(SV("did:key:z6MkA#z6MkB"), &got));
    assert_false(jose_did_key_text(SV("did:key:z6MkA#"), &got));
    assert_false(jose_did_key_text(SV("did:key:z6Mk/path"), &got));
    assert_false(jose_did_key_text(SV("did:web:z6MkA"), &got));
}

static void jose_did_of__is_what_stands_before_the_rest(void **state) {
    (void)state;
    assert_sv_equal(jose_did_of(SV("did:web:h:a#key-1")), SV("did:web:h:a"));
    assert_sv_equal(jose_did_of(SV("did:web:h?x#y")), SV("did:web:h"));
    assert_sv_equal(jose_did_of(SV("did:web:h/p")), SV("did:web:h"));
    assert_int_equal(jose_did_of(SV("https://h/#did:web:h")).len, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jose_did_web__means_the_url_of_every_vector),
        cmocka_unit_test(jose_did_web__refuses_names_that_would_lead_elsewhere),
        cmocka_unit_test(jose_did_key__gives_its_multikey_and_wants_a_fragment_to_repeat_it),
        cmocka_unit_test(jose_did_of__is_what_stands_before_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
