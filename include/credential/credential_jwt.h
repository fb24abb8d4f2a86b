/* Credentials as compact JWS (Open Badges 3.0, 8.2 "JSON Web Token Proof Format"; VC-JWT): the
 * payload is the credential itself with the claims iss, jti, sub, nbf and exp beside its members.
 * RS256 is what every verifier takes, ES256 most; EdDSA is read, and 1EdTech's validator refuses
 * it. Pure. */
#pragma once
#include "base_json.h"
#include "jose_jws.h"
#include "jose_proof_key.h"

struct credential_jwt {
    struct jose_jws jws;     /* texts in the arena, or borrowed from the token */
    enum jose_proof_alg alg; /* of the header */
    struct sv kid;           /* empty when there is none */
    json_t *header;          /* owned */
    json_t *payload;         /* owned; not trusted until the signature is checked */
};

/* Sign a credential (an object without claims) with an RSA key; its kid should be a URL that serves
 * the key. The token lives in `a`. Fails: ERR_INPUT "claims" when id, issuer.id,
 * credentialSubject.id or validFrom is missing or dates are not whole seconds; ERR_BUG "sign". */
NODISCARD bool credential_jwt_sign(const struct jose_key *key, const json_t *credential,
                                   struct arena *a, struct sv *token, struct err *err);
/* The same with an Ed25519 or P-256 key. */
NODISCARD bool credential_jwt_sign_with(const struct jose_proof_key *key, struct sv kid,
                                        const json_t *credential, struct arena *a, struct sv *token,
                                        struct err *err);

/* Take a token apart and judge its header: alg is EdDSA, ES256 or RS256; typ, if there, is JWT; no
 * member but alg, kid, jwk and typ. Release *out also after failure. Fails: ERR_INPUT "jwt" (no
 * compact JWS with a JSON object in it), ERR_DENIED "header". */
NODISCARD bool credential_jwt_parse(struct sv token, struct arena *a, struct credential_jwt *out,
                                    struct err *err);
void credential_jwt_release(struct credential_jwt *jwt);
#define AUTO_CREDENTIAL_JWT CLEANUP(credential_jwt_release) struct credential_jwt

/* Fails: ERR_DENIED "signature"; "header" when the key is for another algorithm. */
NODISCARD bool credential_jwt_verify(const struct credential_jwt *jwt,
                                     const struct jose_proof_key *key, struct err *err);

/* Do the claims say what the members say: iss = issuer.id, jti = id, sub = credentialSubject.id,
 * nbf = validFrom, exp = validUntil (8.2.3)? Fails: ERR_DENIED "claims" naming the first that does
 * not. */
NODISCARD bool credential_jwt_claims(const json_t *payload, struct err *err);
