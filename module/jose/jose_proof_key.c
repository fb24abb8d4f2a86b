#include "jose_multibase.h"
#include "jose_proof_internal.h"
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define PEM_MAX 32768

static void md_ctx_release(EVP_MD_CTX **h) { EVP_MD_CTX_free(*h); }
static void bio_release(BIO **h) { BIO_free_all(*h); }
static void sig_release(ECDSA_SIG **h) { ECDSA_SIG_free(*h); }
#define AUTO(type, name) CLEANUP(name##_release) type

const char *jose_proof_alg_name(enum jose_proof_alg alg) {
    static const char *const names[] = {"EdDSA", "ES256", "RS256"};
    return names[alg];
}

bool jose_proof_key_refuse(struct err *err, enum err_code code, const char *text) {
    ERR_clear_error();
    return err_because(err, code, "key", "%s", text);
}

struct jose_proof_key *jose_proof_key_wrap(EVP_PKEY *pkey, struct jose_key *rsa,
                                           enum jose_proof_alg alg, bool is_private) {
    struct jose_proof_key *key = calloc(1, sizeof *key);
    if (key == NULL) {
        abort();
    }
    *key = (struct jose_proof_key){.pkey = pkey, .rsa = rsa, .alg = alg, .is_private = is_private};
    return key;
}

void jose_proof_key_destroy(struct jose_proof_key *key) {
    if (key != NULL) {
        EVP_PKEY_free(key->pkey);
        jose_key_unref(key->rsa);
        free(key);
    }
}

enum jose_proof_alg jose_proof_key_alg(const struct jose_proof_key *key) { return key->alg; }

bool jose_proof_key_generate(enum jose_proof_alg alg, struct jose_proof_key **out,
                             struct err *err) {
    EVP_PKEY *pkey = alg == JOSE_PROOF_EDDSA   ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                     : alg == JOSE_PROOF_ES256 ? EVP_EC_gen("P-256")
                                               : NULL;
    if (pkey == NULL) {
        return jose_proof_key_refuse(err, ERR_BUG, "OpenSSL could not make a key pair");
    }
    *out = jose_proof_key_wrap(pkey, NULL, alg, true);
    return true;
}

/* Which of our algorithms a key of OpenSSL's is for; false for none. */
static bool alg_of(const EVP_PKEY *pkey, enum jose_proof_alg *alg) {
    char group[32] = "";
    size_t len = 0;
    if (EVP_PKEY_is_a(pkey, "ED25519")) {
        *alg = JOSE_PROOF_EDDSA;
        return true;
    }
    *alg = JOSE_PROOF_ES256;
    return EVP_PKEY_is_a(pkey, "EC") &&
           EVP_PKEY_get_group_name(pkey, group, sizeof group, &len) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

/* No pass phrase is ever asked for on a terminal. */
static int no_pass_phrase(char *buffer, int size, int rwflag, void *ctx) {
    (void)buffer;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return -1;
}

bool jose_proof_key_from_pem(struct sv pem, struct jose_proof_key **out, struct err *err) {
    static const char what[] = "an Ed25519 or P-256 private key is expected as PKCS#8 PEM";
    if (pem.len == 0 || pem.len > PEM_MAX) {
        return jose_proof_key_refuse(err, ERR_INPUT, what);
    }
    AUTO(BIO, bio) *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *pkey = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
    enum jose_proof_alg alg = JOSE_PROOF_EDDSA;
    if (pkey == NULL || !alg_of(pkey, &alg)) {
        EVP_PKEY_free(pkey);
        return jose_proof_key_refuse(err, ERR_INPUT, what);
    }
    *out = jose_proof_key_wrap(pkey, NULL, alg, true);
    return true;
}

bool jose_proof_key_to_pem(const struct jose_proof_key *key, struct arena *a, struct sv *pem,
                           struct err *err) {
    AUTO(BIO, bio) *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    if (!key->is_private || bio == NULL ||
        PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        return jose_proof_key_refuse(err, ERR_BUG,
                                     "the key has no private part that could be written");
    }
    long len = BIO_get_mem_data(bio, &text);
    *pem = sv_copy(a, sv_of(text, len < 0 ? 0 : (size_t)len));
    return true;
}

/* DER of OpenSSL to r and s of 32 bytes each (RFC 7518 3.4). */
static bool raw_from_der(struct sv der, struct arena *a, struct sv *raw) {
    const unsigned char *p = (const unsigned char *)der.ptr;
    AUTO(ECDSA_SIG, sig) *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
    unsigned char *out = arena_alloc(a, JOSE_PROOF_SIGNATURE_BYTES);
    *raw = sv_of((const char *)out, JOSE_PROOF_SIGNATURE_BYTES);
    return sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) == 32 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) == 32;
}

static bool der_from_raw(struct sv raw, struct arena *a, struct sv *der) {
    const unsigned char *p = (const unsigned char *)raw.ptr;
    AUTO(ECDSA_SIG, sig) *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(p, 32, NULL);
    BIGNUM *s = BN_bin2bn(p + 32, 32, NULL);
    if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return false;
    }
    int len = i2d_ECDSA_SIG(sig, NULL);
    if (len <= 0) {
        return false;
    }
    unsigned char *out = arena_alloc(a, (size_t)len);
    unsigned char *at = out;
    *der = sv_of((const char *)out, (size_t)i2d_ECDSA_SIG(sig, &at));
    return true;
}

/* Ed25519 hashes by itself: it takes no digest. */
static const EVP_MD *digest_of(const struct jose_proof_key *key) {
    return key->alg == JOSE_PROOF_EDDSA ? NULL : EVP_sha256();
}

bool jose_proof_key_sign(const struct jose_proof_key *key, struct sv input, struct arena *a,
                         struct sv *signature, struct err *err) {
    unsigned char out[128];
    size_t len = sizeof out;
    AUTO(EVP_MD_CTX, md_ctx) *ctx = EVP_MD_CTX_new();
    bool is_signed =
        key->is_private && ctx != NULL &&
        EVP_DigestSignInit(ctx, NULL, digest_of(key), NULL, key->pkey) == 1 &&
        EVP_DigestSign(ctx, out, &len, (const unsigned char *)input.ptr, input.len) == 1;
    if (is_signed && key->alg == JOSE_PROOF_ES256) {
        is_signed = raw_from_der(sv_of((const char *)out, len), a, signature);
    } else if (is_signed) {
        *signature = sv_copy(a, sv_of((const char *)out, len));
    }
    if (!is_signed) {
        ERR_clear_error();
        return err_because(err, ERR_BUG, "sign", "OpenSSL could not sign with this key");
    }
    return true;
}

bool jose_proof_key_verify(const struct jose_proof_key *key, struct sv input, struct sv signature) {
    if (key->alg == JOSE_PROOF_RS256) {
        return jose_key_verify_rs256(key->rsa, input, signature);
    }
    if (signature.len != JOSE_PROOF_SIGNATURE_BYTES) {
        return false;
    }
    AUTO_ARENA a;
    arena_init(&a);
    struct sv s = signature;
    if (key->alg == JOSE_PROOF_ES256 && !der_from_raw(signature, &a, &s)) {
        return false;
    }
    AUTO(EVP_MD_CTX, md_ctx) *ctx = EVP_MD_CTX_new();
    bool is_right = ctx != NULL &&
                    EVP_DigestVerifyInit(ctx, NULL, digest_of(key), NULL, key->pkey) == 1 &&
                    EVP_DigestVerify(ctx, (const unsigned char *)s.ptr, s.len,
                                     (const unsigned char *)input.ptr, input.len) == 1;
    if (!is_right) {
        ERR_clear_error();
    }
    return is_right;
}
