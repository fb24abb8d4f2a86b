#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jose_multibase.h"
#include "support_credential.h"

static void jose_multibase__writes_and_reads_every_vector(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *v = vector_load("multibase.json");
    static const char *const lists[] = {"base58btc", "base64url"};
    for (int i = 0; i < 2; i++) {
        size_t at = 0;
        const json_t *row = NULL;
        json_array_foreach(json_object_get(v, lists[i]), at, row) {
            struct err err = {0};
            struct sv bytes = vector_hex(&a, row, "hex");
            struct sv text = vector_text(row, i == 0 ? "z" : "u");
            struct sv back;
            if (!jose_multibase_decode(&a, text, &back, &err)) {
                fail_msg("%.*s: %s", SV_ARG(text), err.text);
            }
            assert_true(sv_eq(back, bytes));
            if (i == 0) {
                assert_sv_equal(jose_multibase_z(&a, bytes.ptr, bytes.len), text);
            }
        }
        assert_true(at >= 5);
    }
}

static void jose_multibase__brings_back_what_it_wrote_up_to_its_limit(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    unsigned char bytes[JOSE_BASE58_BYTES_MAX];
    for (size_t len = 0; len <= sizeof bytes; len += 37) {
        random_bytes(bytes, len);
        if (len > 3) {
            bytes[0] = bytes[1] = (unsigned char)(len % 2); /* leading zeros every other time */
        }
        struct sv text = jose_multibase_z(&a, bytes, len);
        struct sv back;
        struct err err = {0};
        assert_true(jose_multibase_decode(&a, text, &back, &err));
        assert_true(sv_eq(back, sv_of((const char *)bytes, len)));
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = 0xff; /* the largest number that fits */
    }
    struct sv back;
    struct err err = {0};
    assert_true(jose_multibase_decode(&a, jose_multibase_z(&a, bytes, sizeof bytes), &back, &err));
    assert_int_equal(back.len, sizeof bytes);
}

static void jose_multibase__refuses_other_bases_and_alphabets(void **state) {
    (void)state;
    static const char *const rows[] = {"",    "6Mk",  "m+w",  "z0",   "zO",     "zI",  "zl",
                                       "z a", "zab=", "u-w=", "u-w+", "u-x...", "u-x", "fb01"};
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        struct sv bytes;
        if (jose_multibase_decode(&a, sv_from(rows[i]), &bytes, &err)) {
            fail_msg("%s was taken", rows[i]);
        }
        assert_string_equal(err.reason, "multibase");
    }
    struct err err = {0};
    struct sv bytes;
    char *ones = arena_alloc(&a, 100000);
    ones[0] = 'z';
    for (size_t i = 1; i < 100000; i++) {
        ones[i] = '1';
    }
    assert_false(jose_multibase_decode(&a, sv_of(ones, 100000), &bytes, &err));
    assert_false(jose_multibase_decode(&a, SV("z1\0"), &bytes, &err)); /* a NUL is no digit */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jose_multibase__writes_and_reads_every_vector),
        cmocka_unit_test(jose_multibase__brings_back_what_it_wrote_up_to_its_limit),
        cmocka_unit_test(jose_multibase__refuses_other_bases_and_alphabets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
