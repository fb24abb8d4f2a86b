#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "jose_key.h"
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

/* RFC 7515 A.2: key, signing input and signature. */
#define RFC7515_N                                                                                  \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4" \
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re" \
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX" \
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define RFC7515_INPUT                                                                              \
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmN" \
    "vbS9pc19yb290Ijp0cnVlfQ"
#define RFC7515_SIGNATURE                                                                          \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5" \
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb" \
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO" \
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"

static struct jose_key *rfc_key(void) {
    AUTO_JSON *jwk =
        json_pack("{s:s, s:s, s:s, s:s}", "kty", "RSA", "kid", "rfc", "n", RFC7515_N, "e", "AQAB");
    struct jose_key *key = NULL;
    assert_int_equal(jose_key_from_jwk(jwk, &key), JOSE_DROP_NONE);
    return key;
}

static struct jose_key *new_key(const char *kid) {
    struct jose_key *key = NULL;
    struct err err = {0};
    assert_true(jose_key_generate(sv_from(kid), &key, &err));
    return key;
}

static void jose_key_verify__takes_the_example_of_rfc_7515(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JOSE_KEY *key = rfc_key();
    struct sv signature;
    struct err err = {0};
    assert_true(base64url_decode(&a, SV(RFC7515_SIGNATURE), &signature, &err));
    assert_true(jose_key_verify_rs256(key, SV(RFC7515_INPUT), signature));
    assert_false(jose_key_verify_rs256(key, SV(RFC7515_INPUT "x"), signature));
    assert_int_equal(jose_key_bits(key), 2048);
    assert_false(jose_key_is_private(key));
}

/* attacks.md A16 */
static void jose_key_verify__refuses_stripped_cut_zero_and_long_signatures(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JOSE_KEY *key = new_key("k");
    struct sv good;
    struct err err = {0};
    assert_true(jose_key_sign_rs256(key, SV("text"), &a, &good, &err));
    assert_true(jose_key_verify_rs256(key, SV("text"), good));
    assert_false(jose_key_verify_rs256(key, SV("text"), sv_of(NULL, 0)));
    assert_false(jose_key_verify_rs256(key, SV("text"), sv_head(good, good.len - 1)));
    assert_false(jose_key_verify_rs256(key, SV("text"), sv_skip(good, 1)));
    assert_false(jose_key_verify_rs256(key, SV("text"), sv_of(arena_alloc(&a, 256), 256)));
    char *ones = arena_alloc(&a, 256);
    memset(ones, 0xff, 256);
    assert_false(jose_key_verify_rs256(key, SV("text"), sv_of(ones, 256)));
    char *longer = arena_alloc(&a, 4096);
    memcpy(longer, good.ptr, good.len);
    assert_false(jose_key_verify_rs256(key, SV("text"), sv_of(longer, 257)));
    assert_false(jose_key_verify_rs256(key, SV("text"), sv_of(longer, 4096)));
    for (size_t i = 0; i < good.len; i += 17) {
        char *changed = sv_c(&a, good);
        changed[i] = (char)(changed[i] ^ 1);
        assert_false(jose_key_verify_rs256(key, SV("text"), sv_of(changed, good.len)));
    }
}

/* The smallest r with r^3 >= target. */
static void cube_root_up(BIGNUM *r, const BIGNUM *target, BN_CTX *ctx) {
    BIGNUM *cube = BN_new();
    BIGNUM *two = BN_new();
    assert_int_equal(BN_set_word(r, 0), 1);
    assert_int_equal(BN_set_word(two, 2), 1);
    for (int bit = BN_num_bits(target) / 3 + 1; bit >= 0; bit--) {
        assert_int_equal(BN_set_bit(r, bit), 1);
        assert_int_equal(BN_sqr(cube, r, ctx), 1);
        assert_int_equal(BN_mul(cube, cube, r, ctx), 1);
        if (BN_cmp(cube, target) > 0) {
            assert_int_equal(BN_clear_bit(r, bit), 1);
        }
    }
    assert_int_equal(BN_add_word(r, 1), 1);
    BN_free(cube);
    BN_free(two);
}

/* attacks.md A18: with e = 3 a cube root of "padding, hash, garbage" passes a verifier that does
 * not look behind the hash (Bleichenbacher 2006). */
static void jose_key_verify__refuses_a_cube_root_forgery(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    static const unsigned char info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                         0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
    AUTO_JSON *jwk =
        json_pack("{s:s, s:s, s:s, s:s}", "kty", "RSA", "kid", "e3", "n", RFC7515_N, "e", "Aw");
    struct jose_key *three = NULL;
    assert_int_equal(jose_key_from_jwk(jwk, &three), JOSE_DROP_NONE);
    AUTO_JOSE_KEY *key = three;
    unsigned char block[256] = {0x00, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00};
    memcpy(block + 11, info, sizeof info);
    sha256("text", 4, block + 11 + sizeof info);
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *target = BN_bin2bn(block, sizeof block, NULL);
    BIGNUM *root = BN_new();
    cube_root_up(root, target, ctx);
    unsigned char forged[256];
    assert_int_equal(BN_bn2binpad(root, forged, sizeof forged), sizeof forged);
    /* The forgery is what it claims to be: its cube starts with padding and hash. */
    BIGNUM *cube = BN_new();
    unsigned char opened[256];
    assert_int_equal(BN_sqr(cube, root, ctx), 1);
    assert_int_equal(BN_mul(cube, cube, root, ctx), 1);
    assert_int_equal(BN_bn2binpad(cube, opened, sizeof opened), sizeof opened);
    assert_memory_equal(opened, block, 11 + sizeof info + 32);
    assert_false(jose_key_verify_rs256(key, SV("text"), sv_of((char *)forged, sizeof forged)));
    BN_free(cube);
    BN_free(root);
    BN_free(target);
    BN_CTX_free(ctx);
}

/* attacks.md A23 */
static void jose_key_public_jwk__holds_exactly_six_public_members(void **state) {
    (void)state;
    AUTO_JOSE_KEY *key = new_key("2027-a");
    assert_true(jose_key_is_private(key));
    AUTO_JSON *jwk = jose_key_public_jwk(key);
    static const char *const members[] = {"kty", "use", "alg", "kid", "n", "e"};
    assert_int_equal(json_object_size(jwk), ARRAY_LEN(members));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        assert_true(json_is_string(json_object_get(jwk, members[i])));
    }
    assert_string_equal(json_string_value(json_object_get(jwk, "kty")), "RSA");
    assert_string_equal(json_string_value(json_object_get(jwk, "use")), "sig");
    assert_string_equal(json_string_value(json_object_get(jwk, "alg")), "RS256");
    assert_string_equal(json_string_value(json_object_get(jwk, "kid")), "2027-a");
    assert_string_equal(json_string_value(json_object_get(jwk, "e")), "AQAB");
    /* 2048 bits are 256 bytes: 342 characters without padding. */
    assert_int_equal(json_string_length(json_object_get(jwk, "n")), 342);
    struct jose_key *read = NULL;
    assert_int_equal(jose_key_from_jwk(jwk, &read), JOSE_DROP_NONE);
    AUTO_JOSE_KEY *back = read;
    AUTO_JSON *again = jose_key_public_jwk(back);
    assert_true(json_equal(jwk, again));
}

static void jose_key_generate__names_a_key_by_its_rfc_7638_thumbprint(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JOSE_KEY *key = new_key(NULL);
    AUTO_JSON *jwk = jose_key_public_jwk(key);
    struct sv text = sv_printf(&a, "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"%s\"}",
                               json_string_value(json_object_get(jwk, "n")));
    unsigned char digest[32];
    sha256(text.ptr, text.len, digest);
    assert_true(sv_eq(jose_key_kid(key), base64url_encode(&a, digest, sizeof digest)));
}

static void jose_key_pem__goes_out_and_comes_back(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JOSE_KEY *key = new_key("k");
    struct sv pem;
    struct err err = {0};
    assert_true(jose_key_to_pem(key, &a, &pem, &err));
    assert_true(sv_starts(pem, SV("-----BEGIN PRIVATE KEY-----\n")));
    struct jose_key *read = NULL;
    assert_true(jose_key_from_pem(pem, SV("other"), &read, &err));
    AUTO_JOSE_KEY *back = read;
    assert_true(sv_eq(jose_key_kid(back), SV("other")));
    struct sv signature;
    assert_true(jose_key_sign_rs256(back, SV("text"), &a, &signature, &err));
    assert_true(jose_key_verify_rs256(key, SV("text"), signature));
}

static void jose_key_from_pem__refuses_other_keys_and_texts(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    static const struct {
        const char *name, *type;
        size_t bits;
    } rows[] = {{"RSA 1024", "RSA", 1024}, {"P-256", "EC", 0}, {"Ed25519", "ED25519", 0}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        EVP_PKEY *pkey = rows[i].bits > 0 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", rows[i].bits)
                         : strcmp(rows[i].type, "EC") == 0
                             ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
                             : EVP_PKEY_Q_keygen(NULL, NULL, rows[i].type);
        BIO *bio = BIO_new(BIO_s_mem());
        assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL), 1);
        char *text = NULL;
        long len = BIO_get_mem_data(bio, &text);
        struct jose_key *key = NULL;
        struct err err = {0};
        assert_false(jose_key_from_pem(sv_of(text, (size_t)len), SV("k"), &key, &err));
        assert_string_equal(err.reason, "key");
        BIO_free(bio);
        EVP_PKEY_free(pkey);
    }
    static const char broken[] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    static const char *const texts[] = {"", broken, "hello"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct jose_key *key = NULL;
        struct err err = {0};
        assert_false(jose_key_from_pem(sv_from(texts[i]), SV("k"), &key, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
}

static void jose_key_sign__refuses_a_public_key(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    AUTO_JOSE_KEY *key = rfc_key();
    struct sv out;
    struct err err = {0};
    assert_false(jose_key_sign_rs256(key, SV("text"), &a, &out, &err));
    assert_string_equal(err.reason, "sign");
    err = (struct err){0};
    assert_false(jose_key_to_pem(key, &a, &out, &err));
    assert_string_equal(err.reason, "key");
}

static void jose_kid__is_1_to_255_bytes_without_controls(void **state) {
    (void)state;
    char text[256];
    memset(text, 'k', sizeof text);
    assert_true(jose_kid_is_valid(sv_of(text, 1)));
    assert_true(jose_kid_is_valid(sv_of(text, 255)));
    assert_false(jose_kid_is_valid(sv_of(text, 256)));
    assert_false(jose_kid_is_valid(SV("")));
    assert_false(jose_kid_is_valid(SV("a\nb")));
    assert_false(jose_kid_is_valid(SV("a\0b")));
    assert_false(jose_kid_is_valid(SV("a\x7f")));
    assert_false(jose_kid_is_valid(SV("a\xc2\x85"))); /* U+0085 */
    assert_false(jose_kid_is_valid(SV("\xff")));
    assert_true(jose_kid_is_valid(SV("\xc3\xa9"))); /* e with acute */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jose_key_verify__takes_the_example_of_rfc_7515),
        cmocka_unit_test(jose_key_verify__refuses_stripped_cut_zero_and_long_signatures),
        cmocka_unit_test(jose_key_verify__refuses_a_cube_root_forgery),
        cmocka_unit_test(jose_key_public_jwk__holds_exactly_six_public_members),
        cmocka_unit_test(jose_key_generate__names_a_key_by_its_rfc_7638_thumbprint),
        cmocka_unit_test(jose_key_pem__goes_out_and_comes_back),
        cmocka_unit_test(jose_key_from_pem__refuses_other_keys_and_texts),
        cmocka_unit_test(jose_key_sign__refuses_a_public_key),
        cmocka_unit_test(jose_kid__is_1_to_255_bytes_without_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
