#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "jose_keyset.h"
#include <openssl/bn.h>

/* n of `bits` bits, odd or even; padded as base64 when asked. No prime factors are needed to read.
 */
static const char *modulus(struct arena *a, int bits, bool is_odd, bool is_padded) {
    size_t len = (size_t)(bits + 7) / 8;
    unsigned char *bytes = arena_alloc(a, len);
    memset(bytes, 0x5a, len);
    bytes[0] = (unsigned char)(1u << ((unsigned)(bits - 1) % 8));
    bytes[len - 1] = is_odd ? 0x5b : 0x5a;
    struct sv text = base64url_encode(a, bytes, len);
    static const char *const tails[] = {"", "", "==", "="};
    return arena_printf(a, "%.*s%s", SV_ARG(text), is_padded ? tails[text.len % 4] : "");
}

static struct jose_keyset *parse(const char *text) {
    struct jose_keyset *set = NULL;
    struct err err = {0};
    if (!jose_keyset_parse(sv_from(text), &set, &err)) {
        fail_msg("%s", err.text);
    }
    return set;
}

struct row {
    const char *name;
    int bits;
    bool is_even, is_padded;
    const char *e;
    const char *more; /* further members, with a comma in front */
    enum jose_drop drop;
};

static void jose_keyset_parse__takes_and_drops_keys(void **state) {
    (void)state;
#define KTY ",\"kty\":\"RSA\""
#define KID ",\"kid\":\"k\""
#define RSA KTY KID
    static const struct row rows[] = {
        {"plain", 2048, false, false, "AQAB", RSA ",\"use\":\"sig\",\"alg\":\"RS256\"",
         JOSE_DROP_NONE},
        {"P5 without alg", 2048, false, false, "AQAB", RSA ",\"use\":\"sig\"", JOSE_DROP_NONE},
        {"P5 padded n", 2048, false, true, "AQAB", RSA, JOSE_DROP_NONE},
        {"P5 padded n and e", 4096, false, true, "Aw==", RSA, JOSE_DROP_NONE},
        {"without use", 2048, false, false, "AQAB", RSA, JOSE_DROP_NONE},
        {"key_ops verify", 2048, false, false, "AQAB", RSA ",\"key_ops\":[\"verify\"]",
         JOSE_DROP_NONE},
        {"x5c beside it", 2048, false, false, "AQAB", RSA ",\"x5c\":[\"MII\"],\"x5t\":\"z\"",
         JOSE_DROP_NONE},
        {"8192 bits", 8192, false, false, "AQAB", RSA, JOSE_DROP_NONE},
        {"A18 512 bits", 512, false, false, "AQAB", RSA, JOSE_DROP_MODULUS},
        {"A18 1024 bits", 1024, false, false, "AQAB", RSA, JOSE_DROP_MODULUS},
        {"A18 2047 bits", 2047, false, false, "AQAB", RSA, JOSE_DROP_MODULUS},
        {"A18 8193 bits", 8193, false, false, "AQAB", RSA, JOSE_DROP_MODULUS},
        {"A18 n even", 2048, true, false, "AQAB", RSA, JOSE_DROP_MODULUS},
        {"A18 e=1", 2048, false, false, "AQ", RSA, JOSE_DROP_EXPONENT},
        {"A18 e=0", 2048, false, false, "AA", RSA, JOSE_DROP_EXPONENT},
        {"A18 e=2", 2048, false, false, "Ag", RSA, JOSE_DROP_EXPONENT},
        {"A18 e=65536", 2048, false, false, "AQAA", RSA, JOSE_DROP_EXPONENT},
        {"A18 e of 65 bits", 2048, false, false, "AQAAAAAAAAAB", RSA, JOSE_DROP_EXPONENT},
        {"A18 e no base64url", 2048, false, false, "AQ+B", RSA, JOSE_DROP_EXPONENT},
        {"A18 e=3 (sound, if small)", 2048, false, false, "Aw", RSA, JOSE_DROP_NONE},
        {"A19 use enc", 2048, false, false, "AQAB", RSA ",\"use\":\"enc\"", JOSE_DROP_USE},
        {"A19 use a number", 2048, false, false, "AQAB", RSA ",\"use\":1", JOSE_DROP_USE},
        {"A19 key_ops encrypt", 2048, false, false, "AQAB", RSA ",\"key_ops\":[\"encrypt\"]",
         JOSE_DROP_USE},
        {"A19 key_ops empty", 2048, false, false, "AQAB", RSA ",\"key_ops\":[]", JOSE_DROP_USE},
        {"A19 key_ops a string", 2048, false, false, "AQAB", RSA ",\"key_ops\":\"verify\"",
         JOSE_DROP_USE},
        {"A19 alg RS512", 2048, false, false, "AQAB", RSA ",\"alg\":\"RS512\"", JOSE_DROP_ALG},
        {"A19 alg HS256", 2048, false, false, "AQAB", RSA ",\"alg\":\"HS256\"", JOSE_DROP_ALG},
        {"A19 alg rs256", 2048, false, false, "AQAB", RSA ",\"alg\":\"rs256\"", JOSE_DROP_ALG},
        {"A19 kty oct", 2048, false, false, "AQAB", KID ",\"kty\":\"oct\",\"k\":\"AAAA\"",
         JOSE_DROP_KTY},
        {"A19 kty EC", 2048, false, false, "AQAB", KID ",\"kty\":\"EC\"", JOSE_DROP_KTY},
        {"kty missing", 2048, false, false, "AQAB", KID, JOSE_DROP_KTY},
        {"kty rsa", 2048, false, false, "AQAB", KID ",\"kty\":\"rsa\"", JOSE_DROP_KTY},
        {"A22 d", 2048, false, false, "AQAB", RSA ",\"d\":\"AQ\"", JOSE_DROP_PRIVATE},
        {"A22 p", 2048, false, false, "AQAB", RSA ",\"p\":\"AQ\"", JOSE_DROP_PRIVATE},
        {"A22 oth", 2048, false, false, "AQAB", RSA ",\"oth\":[]", JOSE_DROP_PRIVATE},
        {"kid missing", 2048, false, false, "AQAB", KTY, JOSE_DROP_KID},
        {"kid empty", 2048, false, false, "AQAB", KTY ",\"kid\":\"\"", JOSE_DROP_KID},
        {"kid a number", 2048, false, false, "AQAB", KTY ",\"kid\":7", JOSE_DROP_KID},
        {"kid with a control", 2048, false, false, "AQAB", KTY ",\"kid\":\"a\\nb\"", JOSE_DROP_KID},
    };
    AUTO_ARENA a;
    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct row *r = &rows[i];
        print_message("  %s\n", r->name);
        const char *text =
            arena_printf(&a, "{\"keys\":[{\"n\":\"%s\",\"e\":\"%s\"%s}]}",
                         modulus(&a, r->bits, !r->is_even, r->is_padded), r->e, r->more);
        AUTO_JOSE_KEYSET *set = parse(text);
        assert_int_equal(jose_keyset_count(set), r->drop == JOSE_DROP_NONE ? 1 : 0);
        for (int d = JOSE_DROP_MALFORMED; d < JOSE_DROP_COUNT; d++) {
            assert_int_equal(jose_keyset_dropped(set, (enum jose_drop)d),
                             (int)r->drop == d ? 1 : 0);
        }
        assert_int_equal(jose_keyset_find(set, SV("k")) != NULL, r->drop == JOSE_DROP_NONE);
    }
}

static const char *plain_key(struct arena *a, const char *kid, const char *e, const char *more) {
    return arena_printf(a, "{\"kty\":\"RSA\",\"kid\":\"%s\",\"n\":\"%s\",\"e\":\"%s\"%s}", kid,
                        modulus(a, 2048, true, false), e, more);
}

/* attacks.md A20 */
static void jose_keyset_parse__takes_none_of_several_keys_with_one_kid(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JOSE_KEYSET *set =
        parse(arena_printf(&a, "{\"keys\":[%s,%s,%s,%s]}", plain_key(&a, "twin", "AQAB", ""),
                           plain_key(&a, "only", "AQAB", ""), plain_key(&a, "twin", "Aw", ""),
                           plain_key(&a, "twin", "AQAB", "")));
    assert_int_equal(jose_keyset_count(set), 1);
    assert_int_equal(jose_keyset_dropped(set, JOSE_DROP_DUPLICATE), 3);
    assert_null(jose_keyset_find(set, SV("twin")));
    assert_non_null(jose_keyset_find(set, SV("only")));
    assert_null(jose_keyset_find(set, SV("ONLY")));
    assert_null(jose_keyset_find(set, SV("onl")));
    assert_null(jose_keyset_find(set, SV("")));
}

/* An encryption key beside the signing key, under the same kid, does not stand in its way (A19). */
static void jose_keyset_parse__is_not_voided_by_one_bad_key(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JOSE_KEYSET *set = parse(arena_printf(&a, "{\"extra\":1,\"keys\":[null,7,\"x\",{},%s,%s]}",
                                               plain_key(&a, "k", "AQAB", ",\"use\":\"enc\""),
                                               plain_key(&a, "k", "AQAB", "")));
    assert_int_equal(jose_keyset_count(set), 1);
    assert_int_equal(jose_keyset_dropped(set, JOSE_DROP_MALFORMED), 3);
    assert_int_equal(jose_keyset_dropped(set, JOSE_DROP_KTY), 1);
    assert_int_equal(jose_keyset_dropped(set, JOSE_DROP_USE), 1);
    assert_non_null(jose_keyset_find(set, SV("k")));
}

static void jose_keyset_parse__refuses_what_is_no_set(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    static const char *const rows[] = {"",
                                       "[]",
                                       "null",
                                       "{}",
                                       "{\"keys\":{}}",
                                       "{\"keys\":null}",
                                       "{\"keys\":[]} x",
                                       "{\"keys\":[],\"keys\":[]}",
                                       "<html>"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i]);
        struct jose_keyset *set = NULL;
        struct err err = {0};
        assert_false(jose_keyset_parse(sv_from(rows[i]), &set, &err));
        assert_string_equal(err.reason, "keyset");
    }
    struct jose_keyset *set = NULL;
    struct err err = {0};
    struct str text;
    str_init(&text, &a, 1u << 20);
    str_add_c(&text, "{\"keys\":[0");
    for (int i = 1; i < 100; i++) {
        str_add_c(&text, ",0");
    }
    struct sv hundred = sv_printf(&a, "%.*s]}", SV_ARG(str_sv(&text)));
    assert_true(jose_keyset_parse(hundred, &set, &err));
    jose_keyset_destroy(set);
    struct sv more = sv_printf(&a, "%.*s,0]}", SV_ARG(str_sv(&text)));
    assert_false(jose_keyset_parse(more, &set, &err));
    size_t len = JOSE_KEYSET_BYTES_MAX + 1;
    const char *big = arena_printf(&a, "%-*s", (int)len, "{\"keys\":[]}");
    assert_true(jose_keyset_parse(sv_of(big, len - 1), &set, &err));
    jose_keyset_destroy(set);
    err = (struct err){0};
    assert_false(jose_keyset_parse(sv_of(big, len), &set, &err));
    assert_string_equal(err.reason, "keyset");
}

static void jose_keyset_destroy__leaves_keys_that_somebody_holds(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct jose_keyset *set =
        parse(arena_printf(&a, "{\"keys\":[%s]}", plain_key(&a, "k", "AQAB", "")));
    AUTO_JOSE_KEY *key = jose_key_ref(jose_keyset_find(set, SV("k")));
    jose_keyset_destroy(set);
    assert_true(sv_eq(jose_key_kid(key), SV("k")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jose_keyset_parse__takes_and_drops_keys),
        cmocka_unit_test(jose_keyset_parse__takes_none_of_several_keys_with_one_kid),
        cmocka_unit_test(jose_keyset_parse__is_not_voided_by_one_bad_key),
        cmocka_unit_test(jose_keyset_parse__refuses_what_is_no_set),
        cmocka_unit_test(jose_keyset_destroy__leaves_keys_that_somebody_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
