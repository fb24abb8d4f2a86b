/* JWS compact serialisation (RFC 7515 3.1, 7.1) with RS256 and nothing else (RFC 8725 3.1). The
 * header is judged before anything in it is used: no library ever sees an `alg` that was not
 * checked.
 *
 * Our own signer makes the tokens too: with the cached key it is one call, and libjwt would parse
 * the PEM at each (DESIGN 8). */
#pragma once
#include "jose_key.h"

#define JOSE_HEADER_MAX 8192

/* Texts live in the arena, or are borrowed from the compact text. */
struct jose_jws {
    struct sv signing_input; /* header.payload as sent */
    struct sv header;        /* decoded */
    struct sv payload;       /* decoded, not trusted until the signature is checked */
    struct sv signature;     /* decoded */
    struct sv kid;           /* set by jose_jws_header */
};

/* Three non-empty parts of strict base64url (no padding, no stray bits, nothing else; A12, A13).
 * Fails: ERR_DENIED "jws". */
NODISCARD bool jose_jws_split(struct arena *a, struct sv compact, size_t max_bytes,
                              struct jose_jws *out, struct err *err);

/* The gate. Sets jws->kid. Fails: ERR_DENIED with the first that holds of
 *   "header" no JSON object, duplicate members, over JOSE_HEADER_MAX;
 *   "alg"    anything but the string RS256 (A1-A4);
 *   "crit"   crit, b64, enc or zip are there (A11);
 *   "typ"    there, and not JWT in any case (A21);
 *   "kid"    not a string that jose_kid_is_valid takes (A5, A8).
 * jku, jwk, x5u, x5c are not looked at (A9, A10). */
NODISCARD bool jose_jws_header(struct arena *a, struct jose_jws *jws, struct err *err);

/* A compact JWT over the claims, header {"alg":"RS256","kid":KID,"typ":"JWT"}, in `a`. Fails:
 * ERR_BUG "sign". */
NODISCARD bool jose_jwt_sign(const struct jose_key *key, const json_t *claims, struct arena *a,
                             struct sv *jwt, struct err *err);
