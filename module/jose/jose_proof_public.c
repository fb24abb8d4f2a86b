/* Public keys in and out: JWK, Multikey, PEM. */
#include "base_encode.h"
#include "jose_did.h"
#include "jose_multibase.h"
#include "jose_proof_internal.h"
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define PEM_MAX 32768
#define POINT_BYTES 65 /* 04 x y */

static void bio_release(BIO **h) { BIO_free_all(*h); }
static void pkey_release(EVP_PKEY **h) { EVP_PKEY_free(*h); }
static void pkey_ctx_release(EVP_PKEY_CTX **h) { EVP_PKEY_CTX_free(*h); }
static void bn_release(BIGNUM **h) { BN_free(*h); }
#define AUTO(type, name) CLEANUP(name##_release) type

static bool ed25519_from(struct sv raw, struct jose_proof_key **out, struct err *err) {
    EVP_PKEY *pkey = raw.len != 32
                         ? NULL
                         : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                                       (const unsigned char *)raw.ptr, 32);
    if (pkey == NULL) {
        return jose_proof_key_refuse(err, ERR_INPUT, "an Ed25519 key has 32 bytes");
    }
    *out = jose_proof_key_wrap(pkey, NULL, JOSE_PROOF_EDDSA, false);
    return true;
}

/* A point as SEC 1 octets, compressed or not; OpenSSL refuses what is not on the curve. */
static bool p256_from(struct sv point, struct jose_proof_key **out, struct err *err) {
    char group[] = "P-256";
    unsigned char bytes[POINT_BYTES];
    EVP_PKEY *pkey = NULL;
    AUTO(EVP_PKEY_CTX, pkey_ctx) *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (point.len > sizeof bytes) {
        return jose_proof_key_refuse(err, ERR_INPUT, "the P-256 key is too long");
    }
    memcpy(bytes, point.ptr, point.len);
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, bytes, point.len),
        OSSL_PARAM_construct_end()};
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *)params) != 1) {
        return jose_proof_key_refuse(err, ERR_INPUT, "the P-256 key is no point of the curve");
    }
    *out = jose_proof_key_wrap(pkey, NULL, JOSE_PROOF_ES256, false);
    return true;
}

bool jose_proof_key_from_multikey(struct sv text, struct jose_proof_key **out, struct err *err) {
    AUTO_ARENA a;
    arena_init(&a);
    struct sv bytes;
    struct err ignored = {0};
    if (text.len == 0 || text.ptr[0] != 'z' || !jose_multibase_decode(&a, text, &bytes, &ignored)) {
        return jose_proof_key_refuse(err, ERR_INPUT, "the Multikey is not base58 text with z");
    }
    /* Multicodec varints: 0xed (Ed25519), 0x1200 (P-256). */
    if (sv_starts(bytes, SV("\xed\x01"))) {
        return ed25519_from(sv_skip(bytes, 2), out, err);
    }
    if (sv_starts(bytes, SV("\x80\x24")) && bytes.len == 35) {
        return p256_from(sv_skip(bytes, 2), out, err);
    }
    return jose_proof_key_refuse(err, ERR_INPUT, "the Multikey is neither Ed25519 nor P-256");
}

static bool member_is(const json_t *jwk, const char *name, const char *value) {
    const json_t *v = json_object_get(jwk, name);
    return v == NULL || sv_eq(js_sv(v), sv_from(value));
}

static bool coordinate(const json_t *jwk, const char *name, struct arena *a, struct sv *out) {
    struct err ignored = {0};
    return base64url_decode(a, js_sv(json_object_get(jwk, name)), out, &ignored) && out->len == 32;
}

/* jose_key wants a kid, which a bare JWK in a header need not have. */
static bool rsa_from_jwk(const json_t *jwk, struct jose_proof_key **out, struct err *err) {
    AUTO_JSON *named = json_copy((json_t *)jwk);
    struct jose_key *rsa = NULL;
    if (json_object_set_new(named, "kid", json_string("key")) != 0) {
        abort();
    }
    enum jose_drop drop = jose_key_from_jwk(named, &rsa);
    if (drop != JOSE_DROP_NONE) {
        return err_because(err, ERR_INPUT, "key", "the RSA key is not usable for RS256 (%s)",
                           jose_drop_name(drop));
    }
    *out = jose_proof_key_wrap(NULL, rsa, JOSE_PROOF_RS256, false);
    return true;
}

bool jose_proof_key_from_jwk(const json_t *jwk, struct jose_proof_key **out, struct err *err) {
    AUTO_ARENA a;
    arena_init(&a);
    struct sv kty = js_sv(json_object_get(jwk, "kty"));
    struct sv x = {0};
    struct sv y = {0};
    if (sv_eq(kty, SV("RSA"))) {
        return rsa_from_jwk(jwk, out, err);
    }
    if (json_object_get(jwk, "d") != NULL || json_object_get(jwk, "k") != NULL ||
        !member_is(jwk, "use", "sig")) {
        return jose_proof_key_refuse(err, ERR_INPUT,
                                     "the JWK has private members or is not for signatures");
    }
    if (sv_eq(kty, SV("OKP")) && sv_eq(js_sv(json_object_get(jwk, "crv")), SV("Ed25519")) &&
        (member_is(jwk, "alg", "EdDSA") || member_is(jwk, "alg", "Ed25519")) &&
        coordinate(jwk, "x", &a, &x)) {
        return ed25519_from(x, out, err);
    }
    if (sv_eq(kty, SV("EC")) && sv_eq(js_sv(json_object_get(jwk, "crv")), SV("P-256")) &&
        member_is(jwk, "alg", "ES256") && coordinate(jwk, "x", &a, &x) &&
        coordinate(jwk, "y", &a, &y)) {
        struct str point;
        str_init(&point, &a, POINT_BYTES + 1);
        str_add_char(&point, 4);
        str_add(&point, x);
        str_add(&point, y);
        return p256_from(str_sv(&point), out, err);
    }
    return jose_proof_key_refuse(err, ERR_INPUT, "the JWK is no Ed25519, P-256 or RSA key");
}

bool jose_proof_key_from_public_pem(struct sv pem, struct jose_proof_key **out, struct err *err) {
    static const char what[] = "an RSA public key is expected as PEM";
    if (pem.len == 0 || pem.len > PEM_MAX) {
        return jose_proof_key_refuse(err, ERR_INPUT, what);
    }
    AUTO(BIO, bio) *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    AUTO(EVP_PKEY, pkey) *pkey = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIGNUM *raw[2] = {0};
    if (pkey == NULL || !EVP_PKEY_is_a(pkey, "RSA") ||
        EVP_PKEY_get_bits(pkey) > JOSE_RSA_BITS_MAX ||
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &raw[0]) != 1 ||
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &raw[1]) != 1) {
        BN_free(raw[0]);
        return jose_proof_key_refuse(err, ERR_INPUT, what);
    }
    AUTO(BIGNUM, bn) *n = raw[0];
    AUTO(BIGNUM, bn) *e = raw[1];
    AUTO_ARENA a;
    arena_init(&a);
    unsigned char bytes[JOSE_RSA_BITS_MAX / 8];
    struct sv n64 = base64url_encode(&a, bytes, (size_t)BN_bn2bin(n, bytes));
    if ((size_t)BN_num_bytes(e) > sizeof bytes) {
        return jose_proof_key_refuse(err, ERR_INPUT, what);
    }
    struct sv e64 = base64url_encode(&a, bytes, (size_t)BN_bn2bin(e, bytes));
    AUTO_JSON *jwk =
        json_pack("{s:s, s:s%, s:s%}", "kty", "RSA", "n", n64.ptr, n64.len, "e", e64.ptr, e64.len);
    return rsa_from_jwk(jwk, out, err);
}

/* SEC 1 octets of the public point, uncompressed: 04 x y. */
static void point_of(const EVP_PKEY *pkey, unsigned char out[POINT_BYTES]) {
    size_t len = 0;
    if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, out, POINT_BYTES, &len) !=
            1 ||
        len != POINT_BYTES || out[0] != 4) {
        abort();
    }
}

static void raw_of(const EVP_PKEY *pkey, unsigned char out[32]) {
    size_t len = 32;
    if (EVP_PKEY_get_raw_public_key(pkey, out, &len) != 1 || len != 32) {
        abort();
    }
}

struct sv jose_proof_key_multikey(const struct jose_proof_key *key, struct arena *a) {
    unsigned char bytes[2 + POINT_BYTES];
    if (key->alg == JOSE_PROOF_EDDSA) {
        bytes[0] = 0xed;
        bytes[1] = 0x01;
        raw_of(key->pkey, bytes + 2);
        return jose_multibase_z(a, bytes, 34);
    }
    if (key->alg == JOSE_PROOF_ES256) {
        bytes[0] = 0x80;
        bytes[1] = 0x24;
        point_of(key->pkey, bytes + 2);
        bytes[2] = bytes[POINT_BYTES + 1] % 2 == 0 ? 2 : 3; /* SEC 1 2.3.3: by the parity of y */
        return jose_multibase_z(a, bytes, 35);
    }
    return sv_of(NULL, 0);
}

json_t *jose_proof_key_jwk(const struct jose_proof_key *key) {
    AUTO_ARENA a;
    arena_init(&a);
    json_t *jwk = NULL;
    unsigned char bytes[POINT_BYTES];
    if (key->alg == JOSE_PROOF_EDDSA) {
        raw_of(key->pkey, bytes);
        struct sv x = base64url_encode(&a, bytes, 32);
        jwk = json_pack("{s:s, s:s, s:s%}", "kty", "OKP", "crv", "Ed25519", "x", x.ptr, x.len);
    } else if (key->alg == JOSE_PROOF_ES256) {
        point_of(key->pkey, bytes);
        struct sv x = base64url_encode(&a, bytes + 1, 32);
        struct sv y = base64url_encode(&a, bytes + 33, 32);
        jwk = json_pack("{s:s, s:s, s:s%, s:s%}", "kty", "EC", "crv", "P-256", "x", x.ptr, x.len,
                        "y", y.ptr, y.len);
    } else {
        AUTO_JSON *full = jose_key_public_jwk(key->rsa);
        jwk = json_pack("{s:s, s:O, s:O}", "kty", "RSA", "n", json_object_get(full, "n"), "e",
                        json_object_get(full, "e"));
    }
    if (jwk == NULL) {
        abort();
    }
    return jwk;
}

bool jose_proof_key_same(const struct jose_proof_key *left, const struct jose_proof_key *right) {
    AUTO_JSON *l = jose_proof_key_jwk(left);
    AUTO_JSON *r = jose_proof_key_jwk(right);
    return json_equal(l, r) == 1;
}

static bool key_of_did_jwk(struct sv did, struct jose_proof_key **out) {
    AUTO_ARENA a = {0};
    struct sv bytes = {0};
    struct err ignored = {0};
    json_t *parsed = NULL;
    if (!base64url_decode(&a, sv_skip(did, sizeof "did:jwk:" - 1), &bytes, &ignored) ||
        !js_parse(bytes, JOSE_DID_MAX, "the key", &parsed, &ignored)) {
        return false;
    }
    AUTO_JSON *jwk = parsed;
    return jose_proof_key_from_jwk(jwk, out, &ignored);
}

bool jose_proof_key_from_did(struct sv did_url, struct jose_proof_key **out, struct err *err) {
    struct sv multikey = {0};
    struct sv did = jose_did_of(did_url);
    struct sv rest = sv_skip(did_url, did.len);
    if (jose_did_key_text(did_url, &multikey)) {
        return jose_proof_key_from_multikey(multikey, out, err);
    }
    bool is_jwk = sv_starts(did, SV("did:jwk:")) && did.len <= JOSE_DID_MAX &&
                  (rest.len == 0 || sv_eq(rest, SV("#0")));
    return (is_jwk && key_of_did_jwk(did, out)) ||
           err_because(err, ERR_INPUT, "key", "the DID holds no key of a kind that is known");
}
