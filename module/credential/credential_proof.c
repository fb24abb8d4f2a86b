#include "credential_proof.h"
#include "base_encode.h"
#include "credential_json.h"
#include "credential_terms.h"
#include "jose_multibase.h"
#include <string.h>

#define HASH_BYTES 64 /* two of SHA-256 */

/* A copy without one member. */
static json_t *without(const json_t *object, const char *member) {
    json_t *copy = json_copy((json_t *)object);
    (void)json_object_del(copy, member);
    return copy;
}

static void set(json_t *object, const char *name, json_t *value) {
    if (json_object_set(object, name, value) != 0) {
        abort();
    }
}

/* The arena is emptied first. */
static bool hash_one(const json_t *object, const struct credential_proof_hash *what,
                     struct arena *a, unsigned char out[32], bool *is_disputed, struct err *err) {
    struct credential_dataset quads;
    struct credential_canon canon;
    const struct credential_canon_options how = {.is_utf16_order = what->is_utf16_order};
    arena_reset(a);
    credential_dataset_init(&quads, a);
    if (!credential_emit(object, what->is_for_signing, &quads, err) ||
        !credential_canonicalise(&quads, &how, a, &canon, err)) {
        return false;
    }
    *is_disputed = *is_disputed || canon.is_order_disputed;
    /* rdf-canonize gives up past this, and wallets with it. */
    if (what->is_for_signing && canon.calls > canon.alike) {
        return err_because(err, ERR_INPUT, "too_hard",
                           "the document has unnamed parts that are too much alike for other "
                           "programs to verify it");
    }
    sha256(canon.text.ptr, canon.text.len, out);
    return true;
}

bool credential_proof_rdfc(const struct credential_proof_hash *what, unsigned char out[64],
                           bool *is_disputed, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *document = without(what->document, "proof");
    AUTO_JSON *config = without(what->proof, "proofValue");
    json_t *context = json_object_get(document, "@context");
    *is_disputed = false;
    if (context == NULL) {
        return err_because(err, ERR_INPUT, "context", "the document has no @context");
    }
    set(config, "@context", context);
    return hash_one(config, what, &a, out, is_disputed, err) &&
           hash_one(document, what, &a, out + 32, is_disputed, err);
}

static bool hash_for_signing(const json_t *document, const json_t *proof,
                             unsigned char hash[HASH_BYTES], struct err *err) {
    bool is_disputed = false;
    const struct credential_proof_hash what = {
        .document = document, .proof = proof, .is_for_signing = true};
    if (!credential_proof_rdfc(&what, hash, &is_disputed, err)) {
        return false;
    }
    return !is_disputed ||
           err_because(err, ERR_INPUT, "order",
                       "the document has texts that programs sort in two ways (an emoji or a "
                       "rare character against one of U+E000 to U+FFFF); change one of them");
}

bool credential_proof_fits(const json_t *document, struct err *err) {
    unsigned char ignored[HASH_BYTES];
    AUTO_JSON *proof = json_pack("{s:s}", "type", "DataIntegrityProof");
    return hash_for_signing(document, proof, ignored, err);
}

bool credential_proof_create(const struct jose_proof_key *key, const json_t *document,
                             const struct credential_proof_options *options, json_t **proof,
                             struct err *err) {
    AUTO_ARENA a = {0};
    unsigned char hash[HASH_BYTES];
    struct sv signature = {0};
    struct sv method = options->verification_method;
    AUTO_JSON *made =
        json_pack("{s:s, s:s, s:s%, s:s%, s:s}", "type", "DataIntegrityProof", "cryptosuite",
                  "eddsa-rdfc-2022", "created", options->created.ptr, options->created.len,
                  "verificationMethod", method.ptr, method.len, "proofPurpose", "assertionMethod");
    if (made == NULL || jose_proof_key_alg(key) != JOSE_PROOF_EDDSA) {
        return err_because(err, ERR_BUG, "sign", "a proof needs an Ed25519 key and UTF-8 options");
    }
    if (options->expires.len > 0) {
        AUTO_JSON *expires = json_stringn(options->expires.ptr, options->expires.len);
        set(made, "expires", expires);
    }
    if (!hash_for_signing(document, made, hash, err)) {
        return false;
    }
    if (!jose_proof_key_sign(key, sv_of((const char *)hash, sizeof hash), &a, &signature, err)) {
        return false;
    }
    struct sv text = jose_multibase_z(&a, signature.ptr, signature.len);
    AUTO_JSON *value = json_stringn(text.ptr, text.len);
    set(made, "proofValue", value);
    *proof = json_incref(made);
    return true;
}

static bool proof_is_malformed(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "proof", "the proof %s", why);
}

static bool signature_read(const json_t *proof, struct arena *a, struct sv *signature,
                           struct err *err) {
    struct err inner = {0};
    struct sv text = js_sv(json_object_get(proof, "proofValue"));
    if (text.len == 0 || text.ptr[0] != 'z' || !jose_multibase_decode(a, text, signature, &inner) ||
        signature->len != 64) {
        return proof_is_malformed(err, "has no proofValue of 64 bytes in base58");
    }
    return true;
}

static bool is_wrong(struct err *err) {
    return err_because(err, ERR_DENIED, "signature",
                       "the signature does not fit: the credential was changed after it was "
                       "signed, or was signed with another key");
}

static bool rdfc_verify(const json_t *document, const json_t *proof,
                        const struct jose_proof_key *key, struct sv signature, struct err *err) {
    unsigned char hash[HASH_BYTES];
    struct sv signed_bytes = sv_of((const char *)hash, sizeof hash);
    struct credential_proof_hash what = {.document = document, .proof = proof};
    bool is_disputed = false;
    if (!credential_proof_rdfc(&what, hash, &is_disputed, err)) {
        return false;
    }
    if (jose_proof_key_verify(key, signed_bytes, signature)) {
        return true;
    }
    /* Many issuers' libraries sort by UTF-16 units: the same content, another order of lines. */
    what.is_utf16_order = true;
    if (is_disputed && credential_proof_rdfc(&what, hash, &is_disputed, err) &&
        jose_proof_key_verify(key, signed_bytes, signature)) {
        return true;
    }
    return is_wrong(err);
}

static size_t count_of(const json_t *v) { return json_is_array(v) ? json_array_size(v) : 1; }

static const json_t *item_of(const json_t *v, size_t i) {
    return json_is_array(v) ? json_array_get(v, i) : v;
}

/* Does the document's @context begin with the proof's, in order (3.3.2 step 4)? */
static bool begins_with(const json_t *context, const json_t *start) {
    if (context == NULL || count_of(start) > count_of(context)) {
        return false;
    }
    for (size_t i = 0; i < count_of(start); i++) {
        if (!json_equal(item_of(context, i), item_of(start, i))) {
            return false;
        }
    }
    return true;
}

static bool jcs_hash(const json_t *v, unsigned char out[32], struct err *err) {
    AUTO_ARENA a = {0};
    struct sv text;
    if (!credential_jcs(v, &a, &text, err)) {
        return false;
    }
    sha256(text.ptr, text.len, out);
    return true;
}

static bool jcs_verify(const json_t *secured, const json_t *proof, const struct jose_proof_key *key,
                       struct sv signature, struct err *err) {
    unsigned char hash[HASH_BYTES];
    AUTO_JSON *document = without(secured, "proof");
    AUTO_JSON *config = without(proof, "proofValue");
    json_t *context = json_object_get(proof, "@context");
    if (context != NULL) {
        if (!begins_with(json_object_get(document, "@context"), context)) {
            return is_wrong(err);
        }
        set(document, "@context", context);
    }
    if (!jcs_hash(config, hash, err) || !jcs_hash(document, hash + 32, err)) {
        return false;
    }
    return jose_proof_key_verify(key, sv_of((const char *)hash, sizeof hash), signature) ||
           is_wrong(err);
}

bool credential_proof_verify(const json_t *document, const json_t *proof,
                             const struct jose_proof_key *key, struct err *err) {
    AUTO_ARENA a = {0};
    struct sv signature = {0};
    struct sv suite = js_sv(json_object_get(proof, "cryptosuite"));
    bool is_rdfc = sv_eq(suite, SV("eddsa-rdfc-2022"));
    if (!json_is_object(document) ||
        !sv_eq(js_sv(json_object_get(proof, "type")), SV("DataIntegrityProof")) ||
        (!is_rdfc && !sv_eq(suite, SV("eddsa-jcs-2022")))) {
        return proof_is_malformed(
            err, "is not one that this program checks (eddsa-rdfc-2022 and eddsa-jcs-2022 are)");
    }
    if (!sv_eq(js_sv(json_object_get(proof, "proofPurpose")), SV("assertionMethod"))) {
        return proof_is_malformed(err, "is not for assertionMethod");
    }
    if (json_object_get(proof, "previousProof") != NULL) {
        return proof_is_malformed(err, "is one of a chain, which this program does not check");
    }
    if (jose_proof_key_alg(key) != JOSE_PROOF_EDDSA) {
        return proof_is_malformed(err, "needs an Ed25519 key, and its key is another");
    }
    return signature_read(proof, &a, &signature, err) &&
           (is_rdfc ? rdfc_verify(document, proof, key, signature, err)
                    : jcs_verify(document, proof, key, signature, err));
}
