#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_status.h"
#include "support_credential.h"
#include <string.h>
#include <zlib.h>

/* `bytes` zeros and then `last`, as an encodedList. */
static struct sv list_of(struct arena *a, size_t bytes, unsigned char last) {
    unsigned char *bits = calloc(1, bytes + 1);
    uLong cap = compressBound(bytes + 1) + 64;
    unsigned char *out = arena_alloc(a, cap);
    z_stream z = {
        .next_in = bits, .avail_in = (uInt)bytes + 1, .next_out = out, .avail_out = (uInt)cap};
    assert_non_null(bits);
    bits[bytes] = last;
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t len = cap - z.avail_out;
    (void)deflateEnd(&z);
    free(bits);
    struct sv text = base64url_encode(a, out, len);
    return sv_printf(a, "u%.*s", SV_ARG(text));
}

static void bitstring__answers_every_check_of_the_vector(void **state) {
    (void)state;
    AUTO_JSON *v = vector_load("bitstring.json");
    size_t at = 0;
    const json_t *row = NULL;
    json_array_foreach(json_object_get(v, "checks"), at, row) {
        struct err err = {0};
        bool is_set = false;
        int64_t index = (int64_t)json_number_value(json_array_get(row, 0));
        assert_true(credential_bitstring_get(vector_text(v, "encodedList"), index, &is_set, &err));
        assert_int_equal(is_set, json_number_value(json_array_get(row, 1)));
        assert_true(credential_bitstring_get(vector_text(v, "specExample/encodedList"), index,
                                             &is_set, &err));
        assert_false(is_set);
    }
    assert_true(at >= 6);
}

static void bitstring__refuses_short_huge_and_damaged_lists(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *v = vector_load("bitstring.json");
    struct err err = {0};
    bool is_set = false;
    assert_true(credential_bitstring_get(list_of(&a, 16383, 1), 131071, &is_set, &err));
    assert_true(is_set);
    struct sv good = vector_text(v, "encodedList");
    struct {
        struct sv list;
        int64_t index;
    } rows[] = {{list_of(&a, 16382, 1), 0},
                {list_of(&a, (size_t)300 << 20, 1), 0},
                {good, 131072},
                {good, -1},
                {sv_skip(good, 1), 0},
                {sv_head(good, good.len - 8), 0},
                {sv_printf(&a, "%.*sAAAA", SV_ARG(good)), 0},
                {SV("u"), 0},
                {SV("uAAAA"), 0},
                {SV(""), 0}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        err = (struct err){0};
        if (credential_bitstring_get(rows[i].list, rows[i].index, &is_set, &err)) {
            fail_msg("row %zu was taken", i);
        }
        assert_string_equal(err.reason, "bitstring");
    }
}

static void identity__matches_every_vector_and_no_other_address(void **state) {
    (void)state;
    AUTO_JSON *v = vector_load("identity-hash.json");
    size_t at = 0;
    const json_t *row = NULL;
    json_array_foreach(json_object_get(v, "cases"), at, row) {
        struct sv hash = vector_text(row, "identityHash");
        struct sv salt = vector_text(row, "salt");
        assert_int_equal(credential_identity_match(vector_text(row, "identity"), hash, salt, true),
                         CREDENTIAL_MATCH_YES);
        assert_int_equal(credential_identity_match(SV("b@example.com"), hash, salt, true),
                         CREDENTIAL_MATCH_NO);
        assert_int_equal(
            credential_identity_match(vector_text(row, "identity"), hash, SV("other"), true),
            CREDENTIAL_MATCH_NO);
    }
    assert_true(at >= 5);
    struct sv hash = vector_text(v, "cases/0/identityHash");
    assert_int_equal(credential_identity_match(SV("A@Example.com"), hash, SV("Kosher"), true),
                     CREDENTIAL_MATCH_YES);
    assert_int_equal(credential_identity_match(SV("a@example.com"), SV("sha1$00"), SV(""), true),
                     CREDENTIAL_MATCH_UNKNOWN);
    assert_int_equal(credential_identity_match(SV("a@example.com"), SV("sha256$00"), SV(""), true),
                     CREDENTIAL_MATCH_UNKNOWN);
    assert_int_equal(
        credential_identity_match(SV("a@example.com"), SV("a@example.com"), SV(""), false),
        CREDENTIAL_MATCH_YES);
}

static void revocation_list__names_the_credential_or_not(void **state) {
    (void)state;
    static const struct {
        const char *json;
        int verdict; /* 1 revoked, 0 not, -1 refused */
    } rows[] = {
        {"{\"id\":\"L\",\"issuer\":\"I\",\"revokedCredential\":[{\"id\":\"C\"}]}", 1},
        {"{\"id\":\"L\",\"revokedCredential\":[{\"id\":\"C\",\"revoked\":true}]}", 1},
        {"{\"id\":\"L\",\"issuer\":\"I\",\"revokedCredential\":[{\"id\":\"C\",\"revoked\":false}]}",
         0},
        {"{\"id\":\"L\",\"issuer\":{\"id\":\"I\"},\"revokedCredential\":[{\"id\":\"D\"}]}", 0},
        {"{\"id\":\"L\",\"issuer\":\"I\"}", 0},
        {"{\"id\":\"M\",\"issuer\":\"I\",\"revokedCredential\":[]}", -1},
        {"{\"id\":\"L\",\"issuer\":\"J\",\"revokedCredential\":[]}", -1},
        {"{\"id\":\"L\",\"issuer\":\"I\",\"revokedCredential\":{}}", -1},
        {"[]", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_JSON *list = json_loads(rows[i].json, 0, NULL);
        struct err err = {0};
        bool is_revoked = false;
        struct sv reason;
        const struct credential_revocation what = {
            .list = list, .list_id = SV("L"), .issuer = SV("I"), .credential_id = SV("C")};
        bool is_read = credential_revocation_find(&what, &is_revoked, &reason, &err);
        if ((is_read ? (int)is_revoked : -1) != rows[i].verdict) {
            fail_msg("%s", rows[i].json);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bitstring__answers_every_check_of_the_vector),
        cmocka_unit_test(bitstring__refuses_short_huge_and_damaged_lists),
        cmocka_unit_test(identity__matches_every_vector_and_no_other_address),
        cmocka_unit_test(revocation_list__names_the_credential_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
