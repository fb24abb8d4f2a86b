/* Embedded proofs (W3C Data Integrity 1.0, Data Integrity EdDSA Cryptosuites 1.0): eddsa-rdfc-2022
 * made and checked, eddsa-jcs-2022 checked. Pure. */
#pragma once
#include "base_json.h"
#include "jose_proof_key.h"

struct credential_proof_options {
    struct sv created;             /* date-time with zone */
    struct sv expires;             /* the same, or empty */
    struct sv verification_method; /* absolute IRI of the key */
};

/* What an eddsa-rdfc-2022 proof signs: SHA-256 of the canonical proof options, then SHA-256 of the
 * canonical document (3.2.4). `document` may hold proofs, which are left out; `proof` may hold a
 * proofValue, which is too. *is_disputed: see credential_canon. Fails as credential_emit and
 * credential_canonicalise do. */
struct credential_proof_hash {
    const json_t *document, *proof;
    bool is_for_signing;
    bool is_utf16_order;
};
NODISCARD bool credential_proof_rdfc(const struct credential_proof_hash *what,
                                     unsigned char out[64], bool *is_disputed, struct err *err);

/* A DataIntegrityProof object for the document, purpose assertionMethod; the caller owns it and
 * puts it into `proof`, an array. Refuses documents that others would verify otherwise or not at
 * all (reference: credential_emit for signing; texts that sort in two ways; more work than
 * rdf-canonize allows). Fails: ERR_INPUT, ERR_BUG "sign". */
NODISCARD bool credential_proof_create(const struct jose_proof_key *key, const json_t *document,
                                       const struct credential_proof_options *options,
                                       json_t **proof, struct err *err);

/* Would it take the document? Fails the same. */
NODISCARD bool credential_proof_fits(const json_t *document, struct err *err);

/* Is `proof` a right one of `key` over the document without its proofs? The key must be known to be
 * the verificationMethod's and the issuer's by other means, and dates are not looked at. Fails:
 *   ERR_INPUT "proof"      not a DataIntegrityProof of a suite that is known, or malformed,
 *   ERR_INPUT "context", "term", "value", "too_hard", "too_large"  it cannot be judged,
 *   ERR_DENIED "signature" it is not right: something was changed, or the key is another. */
NODISCARD bool credential_proof_verify(const json_t *document, const json_t *proof,
                                       const struct jose_proof_key *key, struct err *err);
