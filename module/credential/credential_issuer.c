/* What an issuer publishes of itself. */
#include "credential_build.h"
#include "credential_build_internal.h"
#include "credential_terms.h"
#include "jose_proof_key.h"
#include <string.h>

bool credential_profile(const struct credential_issuer *of, bool is_document, json_t **out,
                        struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *made = json_object();
    const struct model_issuer *m = of->issuer;
    struct sv did;
    if (!credential_did(&a, of->base_url, m->public_id, &did, err)) {
        return false;
    }
    if (is_document) {
        build_put(made, "@context",
                  json_pack("[s, s]", CREDENTIAL_CONTEXT_VC_URL, CREDENTIAL_CONTEXT_OB_URL));
    }
    build_put_text(made, "id", did);
    build_put(made, "type", build_types("Profile", NULL));
    if (!build_put_clean(made, "name", "issuer.name", m->name, err) ||
        !build_put_url(made, "url", "issuer.url", m->url, err) ||
        !build_put_clean(made, "email", "issuer.email", m->email, err) ||
        !build_put_clean(made, "description", "issuer.description", m->description, err)) {
        return false;
    }
    if (m->image.len > 0) {
        json_t *image = json_object();
        build_put(made, "image", image);
        build_put(image, "type", json_string("Image"));
        if (!build_put_url(image, "id", "issuer.image", m->image, err)) {
            return false;
        }
    }
    *out = json_incref(made);
    return true;
}

static const char *alg_of(const json_t *jwk) {
    const char *kty = json_string_value(json_object_get(jwk, "kty"));
    return kty == NULL               ? ""
           : strcmp(kty, "RSA") == 0 ? "RS256"
           : strcmp(kty, "EC") == 0  ? "ES256"
                                     : "EdDSA";
}

json_t *credential_key_document(struct sv base_url, const struct credential_key *key,
                                struct sv did) {
    AUTO_ARENA a = {0};
    json_t *out = json_copy((json_t *)key->jwk);
    build_put_text(out, "kid", credential_url(&a, base_url, "keys", key->public_id));
    build_put(out, "alg", json_string(alg_of(key->jwk)));
    build_put(out, "use", json_string("sig"));
    build_put_text(out, "iss", did);
    return out;
}

static bool method(const struct credential_issuer *of, const struct credential_key *key,
                   struct sv did, struct sv id, json_t **out, struct err *err) {
    AUTO_ARENA a = {0};
    json_t *made = json_object();
    build_put_text(made, "id", id);
    build_put(made, "type", json_string(key->is_proof_key ? "Multikey" : "JsonWebKey"));
    build_put_text(made, "controller", did);
    *out = made;
    if (!key->is_proof_key) {
        build_put(made, "publicKeyJwk", credential_key_document(of->base_url, key, sv_of(NULL, 0)));
        return true;
    }
    struct jose_proof_key *parsed = NULL;
    if (!jose_proof_key_from_jwk(key->jwk, &parsed, err)) {
        return false;
    }
    build_put_text(made, "publicKeyMultibase", jose_proof_key_multikey(parsed, &a));
    jose_proof_key_destroy(parsed);
    return true;
}

bool credential_did_document(const struct credential_issuer *of, const struct credential_key *keys,
                             size_t count, json_t **out, struct err *err) {
    AUTO_ARENA a = {0};
    AUTO_JSON *methods = json_array();
    AUTO_JSON *names = json_array();
    struct sv did;
    if (!credential_did(&a, of->base_url, of->issuer->public_id, &did, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        json_t *made = NULL;
        struct sv id = sv_printf(&a, "%.*s#%.*s", SV_ARG(did), SV_ARG(keys[i].public_id));
        bool is_ok = method(of, &keys[i], did, id, &made, err);
        if (json_array_append_new(methods, made) != 0 || !is_ok) {
            return false;
        }
        (void)json_array_append_new(names, json_stringn(id.ptr, id.len));
    }
    struct sv page = credential_url(&a, of->base_url, "issuers", of->issuer->public_id);
    *out =
        json_pack("{s:[s, s], s:s%, s:[s%], s:O, s:O}", "@context", "https://www.w3.org/ns/did/v1",
                  "https://w3id.org/security/multikey/v1", "id", did.ptr, did.len, "alsoKnownAs",
                  page.ptr, page.len, "verificationMethod", methods, "assertionMethod", names);
    return *out != NULL || err_set(err, ERR_BUG, "the DID document cannot be written");
}
