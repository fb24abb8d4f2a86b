/* Finds the key a signature names, and whether the issuer says it is his (reference: Open Badges
 * 3.0, 8.2.2 and 8.3; DID Core 5.2; Controlled Identifiers 2.3). A key that only the signer vouches
 * for proves nothing. */
#include "credential_verify_internal.h"
#include "jose_did.h"
#include <string.h>

#define MEMBER(v, name) js_sv(json_object_get((v), (name)))

static struct sv no_fragment(struct sv url) { return sv_head(url, sv_find(url, '#')); }

/* The key in a verification method or bare key document. */
static bool key_of(const json_t *method, struct jose_proof_key **out, struct err *err) {
    const json_t *jwk = json_object_get(method, "publicKeyJwk");
    struct sv multikey = MEMBER(method, "publicKeyMultibase");
    if (json_is_object(jwk)) {
        return jose_proof_key_from_jwk(jwk, out, err);
    }
    return jose_proof_key_from_multikey(multikey, out, err);
}

/* An id as a controller document writes it: absolute, or a fragment of the document's own. */
static struct sv absolute(struct verify *v, struct sv controller, struct sv written) {
    return sv_starts(written, SV("#"))
               ? sv_printf(v->arena, "%.*s%.*s", SV_ARG(controller), SV_ARG(written))
               : written;
}

/* The method that an element of assertionMethod means: itself, or the one of that name. NULL when
 * there is none, or when another than the document's subject controls it. */
static const json_t *method_of(struct verify *v, const json_t *document, struct sv controller,
                               const json_t *listed) {
    size_t i = 0;
    const json_t *method = json_is_object(listed) ? listed : NULL;
    const json_t *one = NULL;
    struct sv name = absolute(v, controller, js_sv(listed));
    json_array_foreach(json_object_get(document, "verificationMethod"), i, one) {
        if (method == NULL && name.len > 0 &&
            sv_eq(absolute(v, controller, MEMBER(one, "id")), name)) {
            method = one;
        }
    }
    return sv_eq(MEMBER(method, "controller"), controller) ? method : NULL;
}

static const json_t *method_find(struct verify *v, const json_t *document, struct sv controller,
                                 struct sv wanted) {
    size_t i = 0;
    const json_t *listed = NULL;
    json_array_foreach(json_object_get(document, "assertionMethod"), i, listed) {
        const json_t *method = method_of(v, document, controller, listed);
        if (method != NULL && sv_eq(absolute(v, controller, MEMBER(method, "id")), wanted)) {
            return method;
        }
    }
    return NULL;
}

static bool document_lists_key(struct verify *v, const json_t *document, struct sv controller,
                               const struct jose_proof_key *key) {
    size_t i = 0;
    const json_t *listed = NULL;
    json_array_foreach(json_object_get(document, "assertionMethod"), i, listed) {
        struct err ignored = {0};
        struct jose_proof_key *found = NULL;
        const json_t *method = method_of(v, document, controller, listed);
        if (method != NULL && key_of(method, &found, &ignored)) {
            bool is_same = jose_proof_key_same(found, key);
            jose_proof_key_destroy(found);
            if (is_same) {
                return true;
            }
        }
    }
    return false;
}

static bool did_document(struct verify *v, struct sv did, const json_t **out,
                         struct credential_check *why) {
    struct err err = {0};
    struct sv url;
    if (!jose_did_web_url(v->arena, did, &url, &err)) {
        *why = verify_say(v, CREDENTIAL_NOT_POSSIBLE, "The identifier cannot be looked up: %s.",
                          err.text);
        return false;
    }
    if (!verify_fetch_json(v, url, out, why)) {
        return false;
    }
    if (!sv_eq(MEMBER(*out, "id"), did)) {
        *why = verify_say(v, CREDENTIAL_FAILED, "The document at %.*s is not that of %.*s.",
                          SV_ARG(url), SV_ARG(did));
        return false;
    }
    return true;
}

static struct credential_check is_issuers(struct verify *v, struct sv issuer_id) {
    return verify_say(v, CREDENTIAL_PASSED, "The key is one that the issuer %.*s lists as its own.",
                      SV_ARG(issuer_id));
}

static struct credential_check is_anothers(struct verify *v, struct sv issuer_id, struct sv who) {
    return verify_say(v, CREDENTIAL_FAILED,
                      "The credential names %.*s as its issuer, but %.*s signed it.",
                      SV_ARG(issuer_id), SV_ARG(who));
}

static bool is_did_of_key(struct sv did) {
    return sv_starts(did, SV("did:key:")) || sv_starts(did, SV("did:jwk:"));
}

/* The issuer's name is a key: is it this one? */
static bool did_is_key(struct sv issuer_id, const struct jose_proof_key *key) {
    struct err ignored = {0};
    AUTO_JOSE_PROOF_KEY *own = NULL;
    return jose_proof_key_from_did(issuer_id, &own, &ignored) && jose_proof_key_same(own, key);
}

/* The issuer's own list: his name if that is a key, his DID document, or the key set at his host
 * (Implementation Guide, "Key provenance"). */
static struct credential_check confirm(struct verify *v, struct sv issuer_id,
                                       const struct jose_proof_key *key) {
    struct credential_check why;
    const json_t *document = NULL;
    struct sv origin = verify_origin(issuer_id);
    if (sv_starts(issuer_id, SV("did:web:")) && !did_document(v, issuer_id, &document, &why)) {
        return why;
    }
    if (document != NULL || is_did_of_key(issuer_id)) {
        bool is_his = document != NULL ? document_lists_key(v, document, issuer_id, key)
                                       : did_is_key(issuer_id, key);
        return is_his ? is_issuers(v, issuer_id)
                      : verify_say(v, CREDENTIAL_FAILED,
                                   "The issuer %.*s does not list the key that signed this.",
                                   SV_ARG(issuer_id));
    }
    if (origin.len == 0) {
        return verify_say(v, CREDENTIAL_NOT_POSSIBLE,
                          "The issuer's identifier %.*s leads to no list of its keys.",
                          SV_ARG(sv_clip_utf8(issuer_id, 200)));
    }
    struct sv url = sv_printf(v->arena, "%.*s/.well-known/jwks.json", SV_ARG(origin));
    if (!verify_fetch_json(v, url, &document, &why)) {
        return why;
    }
    size_t i = 0;
    const json_t *jwk = NULL;
    json_array_foreach(json_object_get(document, "keys"), i, jwk) {
        struct err ignored = {0};
        struct jose_proof_key *found = NULL;
        struct sv iss = MEMBER(jwk, "iss");
        if ((iss.len > 0 && !sv_eq(iss, issuer_id)) ||
            !jose_proof_key_from_jwk(jwk, &found, &ignored)) {
            continue;
        }
        bool is_same = jose_proof_key_same(found, key);
        jose_proof_key_destroy(found);
        if (is_same) {
            return is_issuers(v, issuer_id);
        }
    }
    return verify_say(v, CREDENTIAL_FAILED,
                      "The key set of the issuer's host (%.*s) does not hold the key that signed "
                      "this.",
                      SV_ARG(url));
}

static void no_key(struct verify *v, struct verify_key *out, struct sv method, const char *why) {
    out->signature = verify_say(v, CREDENTIAL_FAILED, "The key %.*s cannot be used: %s.",
                                SV_ARG(sv_clip_utf8(method, 200)), why);
}

/* did:key, did:jwk: nothing to fetch; the issuer must be that DID. */
static void from_did(struct verify *v, const struct verify_key_query *q, struct sv did,
                     struct verify_key *out) {
    struct err err = {0};
    if (!jose_proof_key_from_did(q->method, &out->key, &err)) {
        no_key(v, out, q->method, err.text);
        return;
    }
    out->issuer =
        sv_eq(did, q->issuer_id) ? is_issuers(v, q->issuer_id) : is_anothers(v, q->issuer_id, did);
}

/* A method inside a controller document (a DID document, or the same at an https URL). */
static void from_controller(struct verify *v, const struct verify_key_query *q,
                            const json_t *document, struct sv controller, struct verify_key *out) {
    struct err err = {0};
    const json_t *method = method_find(v, document, controller, q->method);
    if (method == NULL) {
        no_key(v, out, q->method, "its owner does not list it for credentials (assertionMethod)");
        return;
    }
    if (!key_of(method, &out->key, &err)) {
        no_key(v, out, q->method, err.text);
        return;
    }
    out->issuer = sv_eq(controller, q->issuer_id) ? is_issuers(v, q->issuer_id)
                                                  : is_anothers(v, q->issuer_id, controller);
}

/* A key document by itself: its controller is the issuer, and it lies at the issuer's host or is in
 * the issuer's list, since anybody can write a controller. */
static void from_key_document(struct verify *v, const struct verify_key_query *q,
                              const json_t *document, struct verify_key *out) {
    struct err err = {0};
    struct sv controller = MEMBER(document, "controller");
    if (!sv_eq(MEMBER(document, "id"), q->method) || !key_of(document, &out->key, &err)) {
        no_key(v, out, q->method, err.text[0] != '\0' ? err.text : "its document has another id");
        return;
    }
    struct sv origin = verify_origin(q->issuer_id);
    if (!sv_eq(controller, q->issuer_id)) {
        out->issuer = is_anothers(v, q->issuer_id, controller);
    } else if (origin.len > 0 && sv_eq_nocase(origin, verify_origin(q->method))) {
        out->issuer = is_issuers(v, q->issuer_id);
    } else {
        out->issuer = confirm(v, q->issuer_id, out->key);
    }
}

static void from_url(struct verify *v, const struct verify_key_query *q, struct verify_key *out) {
    struct err err = {0};
    const json_t *document = NULL;
    struct sv url = no_fragment(q->method);
    if (!verify_fetch_json(v, url, &document, &out->signature)) {
        return;
    }
    if (json_object_get(document, "kty") != NULL) {
        if (!jose_proof_key_from_jwk(document, &out->key, &err)) {
            no_key(v, out, q->method, err.text);
            return;
        }
        out->issuer = confirm(v, q->issuer_id, out->key);
    } else if (json_object_get(document, "verificationMethod") != NULL) {
        if (sv_eq(MEMBER(document, "id"), url)) {
            from_controller(v, q, document, url, out);
        } else {
            no_key(v, out, q->method, "its document has another id");
        }
    } else {
        from_key_document(v, q, document, out);
    }
}

void verify_key_find(struct verify *v, const struct verify_key_query *q, struct verify_key *out) {
    struct err err = {0};
    const json_t *document = NULL;
    struct sv did = jose_did_of(q->method);
    *out = (struct verify_key){0};
    if (is_did_of_key(did)) {
        from_did(v, q, did, out);
    } else if (sv_starts(did, SV("did:web:"))) {
        if (did_document(v, did, &document, &out->signature)) {
            from_controller(v, q, document, did, out);
        }
    } else if (q->method.len > 0 && verify_url_is_fit(q->method)) {
        from_url(v, q, out);
    } else if (q->method.len == 0 && json_is_object(q->jwk)) {
        if (!jose_proof_key_from_jwk(q->jwk, &out->key, &err)) {
            no_key(v, out, SV("in the token"), err.text);
            return;
        }
        out->issuer = confirm(v, q->issuer_id, out->key);
    } else {
        out->signature =
            verify_say(v, CREDENTIAL_NOT_POSSIBLE,
                       "The key %.*s cannot be looked up: did:key, did:jwk, did:web and https are "
                       "known.",
                       SV_ARG(sv_clip_utf8(q->method, 200)));
    }
}
