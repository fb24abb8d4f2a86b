#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_json.h"
#include "support_credential.h"

static void jcs__writes_every_vector(void **state) {
    (void)state;
    AUTO_JSON *v = vector_load("jcs.json");
    size_t at = 0;
    const json_t *row = NULL;
    json_array_foreach(json_object_get(v, "cases"), at, row) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct sv text;
        struct sv in = vector_text(row, "json");
        AUTO_JSON *value = json_loadb(in.ptr, in.len, JSON_DECODE_INT_AS_REAL, NULL);
        assert_true(credential_jcs(value, &a, &text, &err));
        assert_sv_equal(text, vector_text(row, "canonical"));
        unsigned char digest[32];
        sha256(text.ptr, text.len, digest);
        assert_sv_equal(hex_encode(&a, digest, 32), vector_text(row, "sha256Hex"));
    }
    assert_true(at >= 8);
}

/* The table of RFC 8785, appendix B: bits of a double and its text. */
static void number_ecma__prints_as_rfc_8785_appendix_b(void **state) {
    (void)state;
    static const struct {
        uint64_t bits;
        const char *text;
    } rows[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        union {
            uint64_t bits;
            double d;
        } u = {.bits = rows[i].bits};
        char out[CREDENTIAL_NUMBER_MAX];
        assert_string_equal(credential_number_ecma(u.d, out), rows[i].text);
    }
}

static void number_rdf__prints_every_vector(void **state) {
    (void)state;
    AUTO_JSON *v = vector_load("numbers.json");
    size_t at = 0;
    const json_t *row = NULL;
    json_array_foreach(json_object_get(v, "cases"), at, row) {
        char out[CREDENTIAL_NUMBER_MAX];
        bool is_integer = false;
        double d = strtod(json_string_value(json_object_get(row, "json")), NULL);
        assert_sv_equal(sv_from(credential_number_rdf(d, out, &is_integer)),
                        vector_text(row, "plain/0"));
        assert_int_equal(is_integer, sv_ends(vector_text(row, "plain/1"), SV("integer")));
    }
    assert_true(at >= 15);
}

static void json_parse__refuses_what_is_no_credential_text(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct str deep;
    str_init(&deep, &a, 100000);
    for (int i = 0; i < 40; i++) {
        str_add_c(&deep, "{\"a\":");
    }
    str_add_c(&deep, "1");
    for (int i = 0; i < 40; i++) {
        str_add_c(&deep, "}");
    }
    char *huge = arena_alloc(&a, CREDENTIAL_JSON_BYTES_MAX + 1);
    for (size_t i = 0; i <= CREDENTIAL_JSON_BYTES_MAX; i++) {
        huge[i] = ' ';
    }
    struct sv rows[] = {SV(""),
                        SV("[]"),
                        SV("1"),
                        SV("{} {}"),
                        SV("{\"a\":1,\"a\":2}"),
                        SV("{\"a\":\"\\ud800\"}"),
                        SV("{\"a\":\"\\u0000\"}"),
                        SV("{\"a\":\"\xff\"}"),
                        SV("{\"a\":1e999}"),
                        SV("{\"a\":NaN}"),
                        str_sv(&deep),
                        sv_of(huge, CREDENTIAL_JSON_BYTES_MAX + 1)};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        json_t *v = NULL;
        if (credential_json_parse(rows[i], "it", &v, &err)) {
            fail_msg("row %zu was taken", i);
        }
        assert_string_equal(err.reason, "json");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jcs__writes_every_vector),
        cmocka_unit_test(number_ecma__prints_as_rfc_8785_appendix_b),
        cmocka_unit_test(number_rdf__prints_every_vector),
        cmocka_unit_test(json_parse__refuses_what_is_no_credential_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
