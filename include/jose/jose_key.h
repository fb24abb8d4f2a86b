/* RSA keys for RS256 (RFC 7518 3.3, 6.3): OpenSSL's EVP_PKEY behind an opaque pointer. A key is
 * parsed once, never changes, is counted by references and is safe from any thread. Tool keys and
 * platform keys have 2048 to 8192 bits and an odd exponent of at least 3 and at most 64 bits. */
#pragma once
#include "base_json.h"

#define JOSE_KID_MAX 255
#define JOSE_RSA_BITS_MIN 2048
#define JOSE_RSA_BITS_MAX 8192
#define JOSE_SIGNATURE_MAX (JOSE_RSA_BITS_MAX / 8)

struct jose_key;

/* A new RSA-2048 key pair. An empty kid means the JWK thumbprint (RFC 7638, SHA-256, base64url).
 * The caller owns *out. Fails: ERR_BUG "key". */
NODISCARD bool jose_key_generate(struct sv kid, struct jose_key **out, struct err *err);
/* A private key from PKCS#8 PEM (RFC 5958), unencrypted; kid as above. Fails: ERR_INPUT "key". */
NODISCARD bool jose_key_from_pem(struct sv pem, struct sv kid, struct jose_key **out,
                                 struct err *err);
/* The private key as PKCS#8 PEM in `a`: for sealed storage only. Fails: ERR_BUG "key" for a public
 * key. */
NODISCARD bool jose_key_to_pem(const struct jose_key *key, struct arena *a, struct sv *pem,
                               struct err *err);

/* Why a JWK was not taken. */
enum jose_drop {
    JOSE_DROP_NONE,
    JOSE_DROP_MALFORMED, /* no object, or members of a wrong type */
    JOSE_DROP_KTY,       /* no RSA key */
    JOSE_DROP_PRIVATE,   /* holds private or symmetric members (A22) */
    JOSE_DROP_USE,       /* use is there and is not "sig", or key_ops without "verify" */
    JOSE_DROP_ALG,       /* alg is there and is not RS256 */
    JOSE_DROP_KID,       /* kid missing, empty, over 255 bytes or with control characters */
    JOSE_DROP_MODULUS,   /* n unreadable, even, or not 2048..8192 bits */
    JOSE_DROP_EXPONENT,  /* e unreadable, even, below 3 or over 64 bits */
    JOSE_DROP_DUPLICATE, /* another usable key has the same kid: neither is taken (A20) */
    JOSE_DROP_COUNT
};
/* "kty", "private", ...: for logs. */
const char *jose_drop_name(enum jose_drop drop);

/* A public key from a JWK (RFC 7517 4, RFC 7518 6.3.1). Tolerates base64 padding and leading zero
 * bytes in n and e, and a missing alg or use (attacks.md P5). JOSE_DROP_NONE and a key to own, or
 * the reason. */
NODISCARD enum jose_drop jose_key_from_jwk(const json_t *jwk, struct jose_key **out);
/* Exactly kty, use, alg, kid, n and e, whatever the key holds (A23). The caller owns it. */
NODISCARD json_t *jose_key_public_jwk(const struct jose_key *key);

/* A new key as the three texts that are stored of it, in the arena. Fails: ERR_BUG "key". */
struct jose_key_texts {
    struct sv kid, public_jwk, pem;
};
NODISCARD bool jose_key_make(struct arena *a, struct jose_key_texts *out, struct err *err);

struct jose_key *jose_key_ref(struct jose_key *key);
/* NULL is fine; the last reference frees. */
void jose_key_unref(struct jose_key *key);
static inline void jose_key_drop(struct jose_key **key) { jose_key_unref(*key); }
#define AUTO_JOSE_KEY CLEANUP(jose_key_drop) struct jose_key

struct sv jose_key_kid(const struct jose_key *key); /* lives as long as the key */
bool jose_key_is_private(const struct jose_key *key);
int jose_key_bits(const struct jose_key *key);

/* 1..255 bytes of UTF-8 without control characters. */
bool jose_kid_is_valid(struct sv kid);

/* RSASSA-PKCS1-v1_5 with SHA-256; the signature (bytes) in `a`. Fails: ERR_BUG "sign". */
NODISCARD bool jose_key_sign_rs256(const struct jose_key *key, struct sv input, struct arena *a,
                                   struct sv *signature, struct err *err);
/* False for every signature that is not exactly right, of whatever length. */
NODISCARD bool jose_key_verify_rs256(const struct jose_key *key, struct sv input,
                                     struct sv signature);
