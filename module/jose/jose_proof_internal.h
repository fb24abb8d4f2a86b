/* Inside a key of jose_proof_key.h, for the files that make one. */
#pragma once
#include "jose_proof_key.h"
#include <openssl/evp.h>

#define JOSE_PROOF_SIGNATURE_BYTES 64

struct jose_proof_key {
    EVP_PKEY *pkey;       /* Ed25519 and P-256 */
    struct jose_key *rsa; /* RSA */
    enum jose_proof_alg alg;
    bool is_private;
};

/* Takes pkey or rsa. */
struct jose_proof_key *jose_proof_key_wrap(EVP_PKEY *pkey, struct jose_key *rsa,
                                           enum jose_proof_alg alg, bool is_private);
/* ERR "key" with that text; clears OpenSSL's queue. Returns false. */
bool jose_proof_key_refuse(struct err *err, enum err_code code, const char *text);
