#include "jose_key.h"
#include "base_encode.h"
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PEM_MAX 32768
#define EXPONENT_BITS_MAX 64

struct jose_key {
    atomic_uint references;
    EVP_PKEY *pkey;
    bool is_private;
    int bits;
    size_t kid_len;
    char kid[JOSE_KID_MAX + 1];
};

static void pkey_ctx_release(EVP_PKEY_CTX **h) { EVP_PKEY_CTX_free(*h); }
static void md_ctx_release(EVP_MD_CTX **h) { EVP_MD_CTX_free(*h); }
static void bn_release(BIGNUM **h) { BN_free(*h); }
static void bio_release(BIO **h) { BIO_free_all(*h); }
static void params_release(OSSL_PARAM **h) { OSSL_PARAM_free(*h); }
static void build_release(OSSL_PARAM_BLD **h) { OSSL_PARAM_BLD_free(*h); }
#define AUTO(type, name) CLEANUP(name##_release) type

const char *jose_drop_name(enum jose_drop drop) {
    static const char *const names[JOSE_DROP_COUNT] = {
        [JOSE_DROP_NONE] = "none",         [JOSE_DROP_MALFORMED] = "malformed",
        [JOSE_DROP_KTY] = "kty",           [JOSE_DROP_PRIVATE] = "private",
        [JOSE_DROP_USE] = "use",           [JOSE_DROP_ALG] = "alg",
        [JOSE_DROP_KID] = "kid",           [JOSE_DROP_MODULUS] = "modulus",
        [JOSE_DROP_EXPONENT] = "exponent", [JOSE_DROP_DUPLICATE] = "duplicate"};
    return (unsigned)drop < JOSE_DROP_COUNT ? names[drop] : "unknown";
}

bool jose_kid_is_valid(struct sv kid) {
    if (kid.len == 0 || kid.len > JOSE_KID_MAX || !sv_is_utf8(kid)) {
        return false;
    }
    for (size_t i = 0; i < kid.len; i++) {
        unsigned char c = (unsigned char)kid.ptr[i];
        /* C1 controls are 0xC2 0x80..0x9F in UTF-8. */
        bool is_c1 = c == 0xC2 && i + 1 < kid.len && (unsigned char)kid.ptr[i + 1] < 0xA0;
        if (c < 0x20 || c == 0x7f || is_c1) {
            return false;
        }
    }
    return true;
}

static bool key_fails(struct err *err, enum err_code code, const char *text) {
    ERR_clear_error();
    (void)err_because(err, code, "key", "%s", text);
    return false;
}

/* Takes the reference to pkey, also on failure. */
static struct jose_key *key_wrap(EVP_PKEY *pkey, bool is_private, struct sv kid) {
    struct jose_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        abort();
    }
    atomic_init(&key->references, 1);
    key->pkey = pkey;
    key->is_private = is_private;
    key->bits = EVP_PKEY_get_bits(pkey);
    key->kid_len = kid.len;
    for (size_t i = 0; i < kid.len; i++) {
        key->kid[i] = kid.ptr[i];
    }
    return key;
}

/* A public number of the key as base64url (RFC 7518 6.3.1: without leading zero bytes). */
static struct sv number_text(const EVP_PKEY *pkey, const char *name, struct arena *a) {
    BIGNUM *raw = NULL;
    if (EVP_PKEY_get_bn_param(pkey, name, &raw) != 1) {
        abort();
    }
    AUTO(BIGNUM, bn) *bn = raw;
    int len = BN_num_bytes(bn);
    unsigned char *bytes = arena_alloc(a, (size_t)len);
    (void)BN_bn2bin(bn, bytes);
    return base64url_encode(a, bytes, (size_t)len);
}

/* RFC 7638 3.2: the required members in lexical order, without white space. */
static struct sv thumbprint(const EVP_PKEY *pkey, struct arena *a) {
    struct sv e = number_text(pkey, OSSL_PKEY_PARAM_RSA_E, a);
    struct sv n = number_text(pkey, OSSL_PKEY_PARAM_RSA_N, a);
    struct sv text =
        sv_printf(a, "{\"e\":\"%.*s\",\"kty\":\"RSA\",\"n\":\"%.*s\"}", SV_ARG(e), SV_ARG(n));
    unsigned char digest[32];
    sha256(text.ptr, text.len, digest);
    return base64url_encode(a, digest, sizeof digest);
}

static bool key_named(EVP_PKEY *pkey, struct sv kid, struct jose_key **out, struct err *err) {
    AUTO_ARENA a;
    arena_init(&a);
    struct sv name = kid.len == 0 ? thumbprint(pkey, &a) : kid;
    if (!jose_kid_is_valid(name)) {
        EVP_PKEY_free(pkey);
        return key_fails(err, ERR_INPUT,
                         "a key id is 1 to 255 bytes of UTF-8 without control characters");
    }
    *out = key_wrap(pkey, true, name);
    return true;
}

bool jose_key_generate(struct sv kid, struct jose_key **out, struct err *err) {
    EVP_PKEY *pkey = EVP_RSA_gen(JOSE_RSA_BITS_MIN);
    if (pkey == NULL) {
        return key_fails(err, ERR_BUG, "OpenSSL could not make an RSA key");
    }
    return key_named(pkey, kid, out, err);
}

/* No pass phrase is ever asked for on a terminal. */
static int no_pass_phrase(char *buffer, int size, int rwflag, void *ctx) {
    (void)buffer;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return -1;
}

static bool exponent_is_fit(const EVP_PKEY *pkey) {
    BIGNUM *raw = NULL;
    bool is_read = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &raw) == 1;
    AUTO(BIGNUM, bn) *e = raw;
    return is_read && BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= EXPONENT_BITS_MAX;
}

bool jose_key_from_pem(struct sv pem, struct sv kid, struct jose_key **out, struct err *err) {
    if (pem.len == 0 || pem.len > PEM_MAX) {
        return key_fails(err, ERR_INPUT, "a private key is expected as PKCS#8 PEM");
    }
    AUTO(BIO, bio) *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *pkey = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
    if (pkey == NULL) {
        return key_fails(err, ERR_INPUT, "a private key is expected as PKCS#8 PEM");
    }
    int bits = EVP_PKEY_get_bits(pkey);
    if (!EVP_PKEY_is_a(pkey, "RSA") || bits < JOSE_RSA_BITS_MIN || bits > JOSE_RSA_BITS_MAX ||
        !exponent_is_fit(pkey)) {
        EVP_PKEY_free(pkey);
        return key_fails(err, ERR_INPUT, "the private key is not RSA of 2048 to 8192 bits");
    }
    return key_named(pkey, kid, out, err);
}

bool jose_key_to_pem(const struct jose_key *key, struct arena *a, struct sv *pem, struct err *err) {
    AUTO(BIO, bio) *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    if (!key->is_private || bio == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        return key_fails(err, ERR_BUG, "the key has no private part that could be written");
    }
    long len = BIO_get_mem_data(bio, &text);
    *pem = sv_copy(a, sv_of(text, len < 0 ? 0 : (size_t)len));
    return true;
}

/* A base64url member with optional padding, as a number. NULL when it is none. */
static BIGNUM *jwk_number(struct sv text) {
    while (text.len > 0 && text.ptr[text.len - 1] == '=') {
        text.len--;
    }
    if (text.len == 0 || text.len > (JOSE_RSA_BITS_MAX / 8 + 64) * 4 / 3) {
        return NULL;
    }
    AUTO_ARENA a;
    arena_init(&a);
    struct sv bytes;
    struct err ignored = {0};
    return base64url_decode(&a, text, &bytes, &ignored)
               ? BN_bin2bn((const unsigned char *)bytes.ptr, (int)bytes.len, NULL)
               : NULL;
}

static bool holds_secrets(const json_t *jwk) {
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (json_object_get(jwk, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool may_verify(struct sv use, const json_t *key_ops) {
    if (use.len > 0 && !sv_eq(use, SV("sig"))) {
        return false;
    }
    if (key_ops == NULL) {
        return true;
    }
    size_t i = 0;
    const json_t *op = NULL;
    json_array_foreach(key_ops, i, op) {
        if (sv_eq(js_sv(op), SV("verify"))) {
            return true;
        }
    }
    return false;
}

static EVP_PKEY *public_from_numbers(const BIGNUM *n, const BIGNUM *e) {
    AUTO(OSSL_PARAM_BLD, build) *build = OSSL_PARAM_BLD_new();
    if (build == NULL || OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) != 1) {
        return NULL;
    }
    AUTO(OSSL_PARAM, params) *params = OSSL_PARAM_BLD_to_param(build);
    AUTO(EVP_PKEY_CTX, pkey_ctx) *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;
    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        ERR_clear_error();
        return NULL;
    }
    return pkey;
}

enum jose_drop jose_key_from_jwk(const json_t *jwk, struct jose_key **out) {
    struct sv kty;
    struct sv use;
    struct sv alg;
    struct sv kid;
    struct sv n_text;
    struct sv e_text;
    const json_t *key_ops = NULL;
    if (!json_is_object(jwk)) {
        return JOSE_DROP_MALFORMED;
    }
    if (!js_string(jwk, "kty", &kty) || !sv_eq(kty, SV("RSA"))) {
        return JOSE_DROP_KTY;
    }
    if (holds_secrets(jwk)) {
        return JOSE_DROP_PRIVATE;
    }
    if (!js_string(jwk, "use", &use) || !js_array(jwk, "key_ops", &key_ops) ||
        !may_verify(use, key_ops)) {
        return JOSE_DROP_USE;
    }
    if (!js_string(jwk, "alg", &alg) || (alg.ptr != NULL && !sv_eq(alg, SV("RS256")))) {
        return JOSE_DROP_ALG;
    }
    if (!js_string(jwk, "kid", &kid) || !jose_kid_is_valid(kid)) {
        return JOSE_DROP_KID;
    }
    if (!js_string(jwk, "n", &n_text) || !js_string(jwk, "e", &e_text)) {
        return JOSE_DROP_MALFORMED;
    }
    AUTO(BIGNUM, bn) *n = jwk_number(n_text);
    if (n == NULL || !BN_is_odd(n) || BN_num_bits(n) < JOSE_RSA_BITS_MIN ||
        BN_num_bits(n) > JOSE_RSA_BITS_MAX) {
        return JOSE_DROP_MODULUS;
    }
    AUTO(BIGNUM, bn) *e = jwk_number(e_text);
    if (e == NULL || !BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > EXPONENT_BITS_MAX) {
        return JOSE_DROP_EXPONENT;
    }
    EVP_PKEY *pkey = public_from_numbers(n, e);
    if (pkey == NULL) {
        return JOSE_DROP_MODULUS;
    }
    *out = key_wrap(pkey, false, kid);
    return JOSE_DROP_NONE;
}

json_t *jose_key_public_jwk(const struct jose_key *key) {
    AUTO_ARENA a;
    arena_init(&a);
    struct sv e = number_text(key->pkey, OSSL_PKEY_PARAM_RSA_E, &a);
    struct sv n = number_text(key->pkey, OSSL_PKEY_PARAM_RSA_N, &a);
    json_t *jwk =
        json_pack("{s:s, s:s, s:s, s:s%, s:s%, s:s%}", "kty", "RSA", "use", "sig", "alg", "RS256",
                  "kid", key->kid, key->kid_len, "n", n.ptr, n.len, "e", e.ptr, e.len);
    if (jwk == NULL) {
        abort();
    }
    return jwk;
}

struct jose_key *jose_key_ref(struct jose_key *key) {
    atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    return key;
}

void jose_key_unref(struct jose_key *key) {
    if (key != NULL && atomic_fetch_sub_explicit(&key->references, 1, memory_order_acq_rel) == 1) {
        EVP_PKEY_free(key->pkey);
        free(key);
    }
}

struct sv jose_key_kid(const struct jose_key *key) {
    return sv_of(key->kid, key->kid_len);
}

bool jose_key_is_private(const struct jose_key *key) { return key->is_private; }

int jose_key_bits(const struct jose_key *key) { return key->bits; }

bool jose_key_sign_rs256(const struct jose_key *key, struct sv input, struct arena *a,
                         struct sv *signature, struct err *err) {
    size_t len = (size_t)EVP_PKEY_get_size(key->pkey);
    unsigned char *out = arena_alloc(a, len);
    AUTO(EVP_MD_CTX, md_ctx) *ctx = EVP_MD_CTX_new();
    if (!key->is_private || ctx == NULL ||
        EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) != 1 ||
        EVP_DigestSign(ctx, out, &len, (const unsigned char *)input.ptr, input.len) != 1) {
        ERR_clear_error();
        return err_because(err, ERR_BUG, "sign", "OpenSSL could not sign with key %s", key->kid);
    }
    *signature = sv_of((const char *)out, len);
    return true;
}

bool jose_key_verify_rs256(const struct jose_key *key, struct sv input, struct sv signature) {
    /* RFC 8017 8.2.2 step 1: the length is the modulus's, neither more nor less. */
    if (signature.len != (size_t)EVP_PKEY_get_size(key->pkey)) {
        return false;
    }
    AUTO(EVP_MD_CTX, md_ctx) *ctx = EVP_MD_CTX_new();
    bool is_right = ctx != NULL &&
                    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
                    EVP_DigestVerify(ctx, (const unsigned char *)signature.ptr, signature.len,
                                     (const unsigned char *)input.ptr, input.len) == 1;
    if (!is_right) {
        ERR_clear_error();
    }
    return is_right;
}

bool jose_key_make(struct arena *a, struct jose_key_texts *out, struct err *err) {
    AUTO_JOSE_KEY *key = NULL;
    if (!jose_key_generate(sv_of(NULL, 0), &key, err) || !jose_key_to_pem(key, a, &out->pem, err)) {
        return false;
    }
    AUTO_JSON *jwk = jose_key_public_jwk(key);
    out->public_jwk = js_dump(a, jwk);
    out->kid = sv_copy(a, jose_key_kid(key));
    return true;
}
