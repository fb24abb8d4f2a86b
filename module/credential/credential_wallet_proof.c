/* The key proof of a wallet (OpenID4VCI 1.0, appendix F.1; RFC 7515). */
#include "base_encode.h"
#include "credential_json.h"
#include "credential_wallet.h"
#include "jose_did.h"
#include "jose_jws.h"
#include "jose_proof_key.h"

#define PROOF_MAX ((size_t)16 << 10)
#define AGE_MAX (300 * USEC_PER_S)
#define SKEW (60 * USEC_PER_S)

static bool refuse(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "invalid_proof", "%s", why);
}

static bool is_wallet_key(const struct jose_proof_key *key) {
    return jose_proof_key_alg(key) == JOSE_PROOF_EDDSA ||
           jose_proof_key_alg(key) == JOSE_PROOF_ES256;
}

bool credential_wallet_did_is_fit(struct sv did) {
    AUTO_JOSE_PROOF_KEY *key = NULL;
    struct err ignored = {0};
    return sv_find(did, '#') == did.len && jose_proof_key_from_did(did, &key, &ignored) &&
           is_wallet_key(key);
}

/* The key is named by kid, or is there as jwk; a proof with both could mean either. */
static bool find_key(const json_t *header, struct arena *a, struct sv *did,
                     struct jose_proof_key **out, struct err *err) {
    struct sv kid = js_sv(json_object_get(header, "kid"));
    const json_t *jwk = json_object_get(header, "jwk");
    struct err ignored = {0};
    bool is_named = kid.len > 0 && jwk == NULL && json_object_get(header, "x5c") == NULL;
    bool is_there = json_object_get(header, "kid") == NULL && json_is_object(jwk) &&
                    json_object_get(header, "x5c") == NULL;
    if (!is_named && !is_there) {
        return refuse(err, "the header names its key by kid or by jwk, and by one of them only");
    }
    if (is_named ? !jose_proof_key_from_did(kid, out, &ignored)
                 : !jose_proof_key_from_jwk(jwk, out, &ignored)) {
        return refuse(err, "the key is none we take: did:key or did:jwk, Ed25519 or P-256");
    }
    *did = is_named ? sv_copy(a, jose_did_of(kid))
                    : sv_printf(a, "did:key:%.*s", SV_ARG(jose_proof_key_multikey(*out, a)));
    return is_wallet_key(*out) || refuse(err, "only Ed25519 and P-256 keys are taken");
}

static bool judge_header(const json_t *header, const struct jose_proof_key *key, struct err *err) {
    struct sv alg = js_sv(json_object_get(header, "alg"));
    if (!sv_eq(alg, sv_from(jose_proof_alg_name(jose_proof_key_alg(key))))) {
        return refuse(err, "alg is not the one of the key: EdDSA or ES256");
    }
    return json_object_get(header, "crit") == NULL ||
           refuse(err, "the header has critical members that are not understood");
}

/* A text, or a list of that text alone. */
static bool is_for(const json_t *aud, struct sv base_url) {
    return sv_eq(js_sv(aud), base_url) ||
           (json_array_size(aud) == 1 && sv_eq(js_sv(json_array_get(aud, 0)), base_url));
}

static bool judge_claims(const json_t *claims, struct sv base_url, usec_t now, struct err *err) {
    int64_t iat = 0;
    int64_t exp = 0;
    const json_t *end = json_object_get(claims, "exp");
    if (!is_for(json_object_get(claims, "aud"), base_url)) {
        return refuse(err, "aud is not this issuer");
    }
    if (!js_seconds(json_object_get(claims, "iat"), &iat)) {
        return refuse(err, "iat is missing");
    }
    usec_t age = now - iat * USEC_PER_S;
    if (age > AGE_MAX || age < -SKEW) {
        return refuse(err, "iat is not now: make a new proof, and check the clock");
    }
    if (end != NULL && (!js_seconds(end, &exp) || exp * USEC_PER_S < now - SKEW)) {
        return refuse(err, "the proof has expired");
    }
    return true;
}

bool credential_wallet_proof_judge(struct sv proof, struct sv base_url, usec_t now, struct arena *a,
                                   struct credential_wallet_proof *out, struct err *err) {
    struct jose_jws jws = {0};
    struct err inner = {0};
    json_t *head = NULL;
    json_t *body = NULL;
    *out = (struct credential_wallet_proof){0};
    bool is_read = jose_jws_split(a, proof, PROOF_MAX, &jws, &inner) &&
                   js_parse(jws.header, JOSE_HEADER_MAX, "the header", &head, &inner) &&
                   js_parse(jws.payload, PROOF_MAX, "the claims", &body, &inner);
    AUTO_JSON *header = head;
    AUTO_JSON *claims = body;
    AUTO_JOSE_PROOF_KEY *key = NULL;
    if (!is_read) {
        return refuse(err, "the proof is no compact JWT");
    }
    if (!sv_eq(js_sv(json_object_get(header, "typ")), SV("openid4vci-proof+jwt"))) {
        return refuse(err, "typ is not openid4vci-proof+jwt");
    }
    if (!find_key(header, a, &out->did, &key, err) || !judge_header(header, key, err)) {
        return false;
    }
    if (!jose_proof_key_verify(key, jws.signing_input, jws.signature)) {
        return refuse(err, "the signature does not fit the key");
    }
    out->nonce = sv_copy(a, js_sv(json_object_get(claims, "nonce")));
    if (out->nonce.len == 0 || out->nonce.len > CREDENTIAL_WALLET_NONCE_MAX) {
        return refuse(err, "nonce is missing: get one at the nonce endpoint");
    }
    return judge_claims(claims, base_url, now, err);
}
