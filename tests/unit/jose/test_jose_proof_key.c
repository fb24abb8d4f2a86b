#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jose_jws.h"
#include "jose_multibase.h"
#include "support_credential.h"

static struct jose_proof_key *from_jwk(const json_t *jwk) {
    struct err err = {0};
    struct jose_proof_key *key = NULL;
    if (!jose_proof_key_from_jwk(jwk, &key, &err)) {
        fail_msg("%s", err.text);
    }
    return key;
}

static void jose_proof_key__reads_one_key_from_all_its_spellings(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    AUTO_JSON *keys = vector_load("keys.json");
    AUTO_JOSE_PROOF_KEY *secret = vector_ed25519();
    AUTO_JOSE_PROOF_KEY *jwk = from_jwk(vector_at(keys, "ed25519/publicJwk"));
    struct jose_proof_key *multikey = NULL;
    struct sv text = vector_text(keys, "ed25519/publicKeyMultibase");
    assert_true(jose_proof_key_from_multikey(text, &multikey, &err));
    UNUSED AUTO_JOSE_PROOF_KEY *owned = multikey;
    assert_true(jose_proof_key_same(secret, jwk));
    assert_true(jose_proof_key_same(secret, owned));
    assert_sv_equal(jose_proof_key_multikey(secret, &a), text);
    AUTO_JSON *out = jose_proof_key_jwk(secret);
    assert_true(json_equal(out, vector_at(keys, "ed25519/publicJwk")));
}

/* The signatures of vc-jwt.json were made by another implementation. */
static void jose_proof_key__verifies_what_others_signed_with_every_algorithm(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *keys = vector_load("keys.json");
    AUTO_JSON *v = vector_load("vc-jwt.json");
    static const char *const jwks[] = {"rsa2048/publicJwk", "p256/publicJwk", "ed25519/publicJwk"};
    for (size_t i = 0; i < 3; i++) {
        struct err err = {0};
        struct jose_jws jws;
        AUTO_JOSE_PROOF_KEY *key = from_jwk(vector_at(keys, jwks[i]));
        const json_t *row = json_array_get(json_object_get(v, "tokens"), i);
        assert_true(jose_jws_split(&a, vector_text(row, "token"), 100000, &jws, &err));
        assert_sv_equal(sv_from(jose_proof_alg_name(jose_proof_key_alg(key))),
                        vector_text(row, "alg"));
        assert_true(jose_proof_key_verify(key, jws.signing_input, jws.signature));
        char *bytes = arena_copy(&a, jws.signature.ptr, jws.signature.len);
        for (size_t at = 0; at < jws.signature.len; at += 7) {
            bytes[at] ^= 1;
            assert_false(
                jose_proof_key_verify(key, jws.signing_input, sv_of(bytes, jws.signature.len)));
            bytes[at] ^= 1;
        }
        assert_false(jose_proof_key_verify(key, jws.signing_input,
                                           sv_head(jws.signature, jws.signature.len - 1)));
        assert_false(jose_proof_key_verify(key, sv_skip(jws.signing_input, 1), jws.signature));
        assert_false(jose_proof_key_verify(key, jws.signing_input, SV("")));
    }
}

static void jose_proof_key__signs_what_it_verifies_and_others_do_not(void **state) {
    (void)state;
    static const enum jose_proof_alg algs[] = {JOSE_PROOF_EDDSA, JOSE_PROOF_ES256};
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < 2; i++) {
        for (int round = 0; round < 20; round++) {
            struct err err = {0};
            struct jose_proof_key *keys[2] = {0};
            struct sv signature;
            assert_true(jose_proof_key_generate(algs[i], &keys[0], &err));
            assert_true(jose_proof_key_generate(algs[i], &keys[1], &err));
            assert_true(jose_proof_key_sign(keys[0], SV("text"), &a, &signature, &err));
            assert_int_equal(signature.len, 64);
            assert_true(jose_proof_key_verify(keys[0], SV("text"), signature));
            assert_false(jose_proof_key_verify(keys[1], SV("text"), signature));
            assert_false(jose_proof_key_same(keys[0], keys[1]));
            /* A public copy verifies and cannot sign. */
            struct jose_proof_key *copy = NULL;
            assert_true(
                jose_proof_key_from_multikey(jose_proof_key_multikey(keys[0], &a), &copy, &err));
            assert_true(jose_proof_key_verify(copy, SV("text"), signature));
            AUTO_JSON *jwk = jose_proof_key_jwk(keys[0]);
            AUTO_JOSE_PROOF_KEY *from = from_jwk(jwk);
            assert_true(jose_proof_key_same(from, copy));
            assert_false(jose_proof_key_sign(copy, SV("text"), &a, &signature, &err));
            assert_string_equal(err.reason, "sign");
            jose_proof_key_destroy(copy);
            jose_proof_key_destroy(keys[0]);
            jose_proof_key_destroy(keys[1]);
        }
    }
}

static void jose_proof_key_pem__goes_out_and_comes_back(void **state) {
    (void)state;
    static const enum jose_proof_alg algs[] = {JOSE_PROOF_EDDSA, JOSE_PROOF_ES256};
    AUTO_ARENA a = {0};
    for (size_t i = 0; i < 2; i++) {
        struct err err = {0};
        struct jose_proof_key *key = NULL;
        struct jose_proof_key *back = NULL;
        struct sv pem;
        struct sv signature;
        assert_true(jose_proof_key_generate(algs[i], &key, &err));
        assert_true(jose_proof_key_to_pem(key, &a, &pem, &err));
        assert_true(jose_proof_key_from_pem(pem, &back, &err));
        assert_true(jose_proof_key_sign(back, SV("x"), &a, &signature, &err));
        assert_true(jose_proof_key_verify(key, SV("x"), signature));
        jose_proof_key_destroy(key);
        jose_proof_key_destroy(back);
    }
    struct err err = {0};
    struct jose_proof_key *none = NULL;
    struct jose_key *rsa = NULL;
    struct sv pem;
    assert_true(jose_key_generate(SV(""), &rsa, &err));
    assert_true(jose_key_to_pem(rsa, &a, &pem, &err));
    assert_false(jose_proof_key_from_pem(pem, &none, &err)); /* RSA is jose_key's */
    assert_string_equal(err.reason, "key");
    jose_key_unref(rsa);
}

static void jose_proof_key_from_jwk__refuses_what_is_no_fit_public_key(void **state) {
    (void)state;
#define X "\"x\":\"A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg\""
#define PX "\"x\":\"4FPnfot7QrxGo90I6HtHq0MpcV4gL89fsXLXh14PkF0\""
#define PY "\"y\":\"VSg6oJYh1WTxCnEh7RaTPpx0YqP6icGpu2xzE0KQOl4\""
    static const char *const rows[] = {
        "[]",
        "{}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\"," X "}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X ",\"d\":\"AA\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X ",\"use\":\"enc\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"," X ",\"alg\":\"ES256\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"A6EH\"}",
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\"," PX "," PY "}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\"," PX "}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\"," PX "," PX "}", /* not on the curve */
        "{\"kty\":\"EC\",\"crv\":\"P-256\"," PX "," PY ",\"d\":\"AA\"}",
        "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_JSON *jwk = json_loads(rows[i], 0, NULL);
        struct err err = {0};
        struct jose_proof_key *key = NULL;
        if (jose_proof_key_from_jwk(jwk, &key, &err)) {
            fail_msg("%s was taken", rows[i]);
        }
        assert_string_equal(err.reason, "key");
    }
}

static void jose_proof_key_from_multikey__refuses_other_codecs_and_lengths(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    static const char *const hex[] = {
        "ed01a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",     /* 31 bytes */
        "ed0103a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b800", /* 33 */
        "ec0103a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",   /* X25519 */
        "802403a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",   /* 32 */
        "802405a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8aa", /* no point */
        "8026000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",   /* secret */
        ""};
    for (size_t i = 0; i < ARRAY_LEN(hex); i++) {
        struct err err = {0};
        struct sv bytes;
        struct jose_proof_key *key = NULL;
        assert_true(hex_decode(&a, sv_from(hex[i]), &bytes, &err));
        if (jose_proof_key_from_multikey(jose_multibase_z(&a, bytes.ptr, bytes.len), &key, &err)) {
            fail_msg("%s was taken", hex[i]);
        }
        assert_string_equal(err.reason, "key");
    }
}

static void jose_proof_key_from_public_pem__reads_the_key_of_open_badges_2(void **state) {
    (void)state;
    struct err err = {0};
    AUTO_JSON *keys = vector_load("keys.json");
    AUTO_JOSE_PROOF_KEY *want = from_jwk(vector_at(keys, "rsa2048/publicJwk"));
    struct jose_proof_key *key = NULL;
    assert_true(jose_proof_key_from_public_pem(vector_text(keys, "rsa2048/publicPem"), &key, &err));
    assert_true(jose_proof_key_same(key, want));
    jose_proof_key_destroy(key);
    assert_false(
        jose_proof_key_from_public_pem(vector_text(keys, "ed25519/publicPem"), &key, &err));
    assert_string_equal(err.reason, "key");
    assert_false(jose_proof_key_from_public_pem(SV("no PEM"), &key, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jose_proof_key__reads_one_key_from_all_its_spellings),
        cmocka_unit_test(jose_proof_key__verifies_what_others_signed_with_every_algorithm),
        cmocka_unit_test(jose_proof_key__signs_what_it_verifies_and_others_do_not),
        cmocka_unit_test(jose_proof_key_pem__goes_out_and_comes_back),
        cmocka_unit_test(jose_proof_key_from_jwk__refuses_what_is_no_fit_public_key),
        cmocka_unit_test(jose_proof_key_from_multikey__refuses_other_codecs_and_lengths),
        cmocka_unit_test(jose_proof_key_from_public_pem__reads_the_key_of_open_badges_2),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
