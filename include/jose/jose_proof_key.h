/* Keys that credentials are proved with: Ed25519 (RFC 8032; EdDSA, RFC 8037), P-256 (ES256, RFC
 * 7518 3.4) and, for checking only, RSA (RS256: jose_key.h signs). A key never changes, knows its
 * one algorithm, and is safe from any thread; nothing but that algorithm is ever tried with it. */
#pragma once
#include "jose_key.h"

enum jose_proof_alg { JOSE_PROOF_EDDSA, JOSE_PROOF_ES256, JOSE_PROOF_RS256 };
/* "EdDSA", "ES256", "RS256": the JWS names (RFC 7518 3.1, RFC 8037 3.1). */
const char *jose_proof_alg_name(enum jose_proof_alg alg);

struct jose_proof_key;

/* A new pair; Ed25519 or P-256. The caller owns *out, as everywhere below. Fails: ERR_BUG "key". */
NODISCARD bool jose_proof_key_generate(enum jose_proof_alg alg, struct jose_proof_key **out,
                                       struct err *err);
/* A private Ed25519 or P-256 key from unencrypted PKCS#8 PEM (RFC 5958). Fails: ERR_INPUT "key". */
NODISCARD bool jose_proof_key_from_pem(struct sv pem, struct jose_proof_key **out, struct err *err);
/* The private key as PKCS#8 PEM in `a`: for sealed storage only. Fails: ERR_BUG "key". */
NODISCARD bool jose_proof_key_to_pem(const struct jose_proof_key *key, struct arena *a,
                                     struct sv *pem, struct err *err);

/* Public keys as others publish them. All fail: ERR_INPUT "key".
 * JWK (RFC 7517 4): OKP/Ed25519, EC/P-256 with a point on the curve, RSA as jose_key_from_jwk takes
 * it; refused with private members, another use, or another alg. kid is optional. */
NODISCARD bool jose_proof_key_from_jwk(const json_t *jwk, struct jose_proof_key **out,
                                       struct err *err);
/* publicKeyMultibase of a Multikey (Controlled Identifiers 2.2.2): Ed25519 or compressed P-256. */
NODISCARD bool jose_proof_key_from_multikey(struct sv text, struct jose_proof_key **out,
                                            struct err *err);
/* The key that a DID holds in itself: did:key (3.1), or did:jwk, a JWK as base64url whose one
 * verification method is "#0". With or without that fragment. */
NODISCARD bool jose_proof_key_from_did(struct sv did_url, struct jose_proof_key **out,
                                       struct err *err);
/* An RSA SubjectPublicKeyInfo as PEM (RFC 7468 13): how Open Badges 2.0 publishes keys. */
NODISCARD bool jose_proof_key_from_public_pem(struct sv pem, struct jose_proof_key **out,
                                              struct err *err);

void jose_proof_key_destroy(struct jose_proof_key *key); /* NULL is fine */
static inline void jose_proof_key_drop(struct jose_proof_key **key) {
    jose_proof_key_destroy(*key);
}
#define AUTO_JOSE_PROOF_KEY CLEANUP(jose_proof_key_drop) struct jose_proof_key

enum jose_proof_alg jose_proof_key_alg(const struct jose_proof_key *key);
/* The same public key, whatever it was read from. */
bool jose_proof_key_same(const struct jose_proof_key *left, const struct jose_proof_key *right);
/* The public part as Multikey text in `a`; empty for RSA. */
struct sv jose_proof_key_multikey(const struct jose_proof_key *key, struct arena *a);
/* The public part as a JWK without kid: the members of RFC 7638 3.2 only. The caller owns it. */
NODISCARD json_t *jose_proof_key_jwk(const struct jose_proof_key *key);

/* Sign; the signature in `a` is 64 bytes (for ES256 r and s, RFC 7518 3.4). Fails: ERR_BUG "sign"
 * (also for public keys and for RSA). */
NODISCARD bool jose_proof_key_sign(const struct jose_proof_key *key, struct sv input,
                                   struct arena *a, struct sv *signature, struct err *err);
/* False for every signature that is not exactly right, of whatever length. */
NODISCARD bool jose_proof_key_verify(const struct jose_proof_key *key, struct sv input,
                                     struct sv signature);
