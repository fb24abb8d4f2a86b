#include "credential_jwt.h"
#include "base_encode.h"
#include "credential_json.h"
#include <string.h>

#define TOKEN_MAX_BYTES (CREDENTIAL_JSON_BYTES_MAX / 3 * 4 + 16384)

void credential_jwt_release(struct credential_jwt *jwt) {
    json_decref(jwt->header);
    json_decref(jwt->payload);
    jwt->header = NULL;
    jwt->payload = NULL;
}

/* issuer is a URI or an object with an id. */
static struct sv id_of(const json_t *v) {
    return json_is_object(v) ? js_sv(json_object_get(v, "id")) : js_sv(v);
}

static bool claims_fail(struct err *err, enum err_code code, const char *what) {
    return err_because(err, code, "claims", "%s", what);
}

static bool header_refuse(struct err *err, const char *why) {
    return err_because(err, ERR_DENIED, "header", "the token's header %s", why);
}

static bool header_judge(struct credential_jwt *jwt, struct err *err) {
    const char *name = NULL;
    json_t *value = NULL;
    struct sv alg = js_sv(json_object_get(jwt->header, "alg"));
    json_object_foreach(jwt->header, name, value) {
        if (strcmp(name, "alg") != 0 && strcmp(name, "kid") != 0 && strcmp(name, "jwk") != 0 &&
            strcmp(name, "typ") != 0) {
            return header_refuse(err, "has a member besides alg, kid, jwk and typ");
        }
    }
    bool is_known = false;
    for (int i = JOSE_PROOF_EDDSA; i <= JOSE_PROOF_RS256 && !is_known; i++) {
        jwt->alg = (enum jose_proof_alg)i;
        is_known = sv_eq(alg, sv_from(jose_proof_alg_name(jwt->alg)));
    }
    if (!is_known) {
        return header_refuse(err, "names an algorithm that is not taken (RS256, ES256, EdDSA are)");
    }
    const json_t *typ = json_object_get(jwt->header, "typ");
    if (typ != NULL && !sv_eq(js_sv(typ), SV("JWT"))) {
        return header_refuse(err, "has another typ than JWT");
    }
    const json_t *kid = json_object_get(jwt->header, "kid");
    if (kid != NULL && (!json_is_string(kid) || js_sv(kid).len == 0 || js_sv(kid).len > 2048)) {
        return header_refuse(err, "has a kid that is no text");
    }
    jwt->kid = js_sv(kid);
    return true;
}

bool credential_jwt_parse(struct sv token, struct arena *a, struct credential_jwt *out,
                          struct err *err) {
    struct err inner = {0};
    *out = (struct credential_jwt){0};
    if (!jose_jws_split(a, token, TOKEN_MAX_BYTES, &out->jws, &inner) ||
        out->jws.header.len > JOSE_HEADER_MAX ||
        !credential_json_parse(out->jws.header, "the token's header", &out->header, &inner) ||
        !credential_json_parse(out->jws.payload, "the token's payload", &out->payload, &inner)) {
        return err_because(err, ERR_INPUT, "jwt", "%s",
                           inner.text[0] != '\0' ? inner.text : "the token's header is too long");
    }
    return header_judge(out, err);
}

bool credential_jwt_verify(const struct credential_jwt *jwt, const struct jose_proof_key *key,
                           struct err *err) {
    if (jose_proof_key_alg(key) != jwt->alg) {
        return header_refuse(err, "names another algorithm than its key is for");
    }
    return jose_proof_key_verify(key, jwt->jws.signing_input, jwt->jws.signature) ||
           err_because(err, ERR_DENIED, "signature",
                       "the signature does not fit: the credential was changed after it was "
                       "signed, or was signed with another key");
}

static bool text_matches(const json_t *payload, const char *claim, struct sv want) {
    return want.len > 0 && sv_eq(js_sv(json_object_get(payload, claim)), want);
}

/* A NumericDate and a date-time: the same second. */
static bool time_matches(const json_t *payload, const char *claim, const char *member) {
    int64_t seconds = 0;
    usec_t t = 0;
    return js_seconds(json_object_get(payload, claim), &seconds) &&
           rfc3339_parse(js_sv(json_object_get(payload, member)), &t) && t >= 0 &&
           t / USEC_PER_S == seconds;
}

bool credential_jwt_claims(const json_t *payload, struct err *err) {
    const json_t *subject = json_object_get(payload, "credentialSubject");
    if (!text_matches(payload, "iss", id_of(json_object_get(payload, "issuer")))) {
        return claims_fail(err, ERR_DENIED, "the token's iss is not the credential's issuer");
    }
    if (!text_matches(payload, "jti", js_sv(json_object_get(payload, "id")))) {
        return claims_fail(err, ERR_DENIED, "the token's jti is not the credential's id");
    }
    if (!text_matches(payload, "sub", js_sv(json_object_get(subject, "id")))) {
        return claims_fail(err, ERR_DENIED, "the token's sub is not the credential's subject");
    }
    if (!time_matches(payload, "nbf", "validFrom")) {
        return claims_fail(err, ERR_DENIED, "the token's nbf is not the credential's validFrom");
    }
    bool has_end = json_object_get(payload, "validUntil") != NULL;
    bool has_exp = json_object_get(payload, "exp") != NULL;
    if (has_end != has_exp || (has_exp && !time_matches(payload, "exp", "validUntil"))) {
        return claims_fail(err, ERR_DENIED, "the token's exp is not the credential's validUntil");
    }
    return true;
}

static bool time_claim(json_t *payload, const char *claim, const char *member, struct err *err) {
    usec_t t = 0;
    if (!rfc3339_parse(js_sv(json_object_get(payload, member)), &t) || t < 0 ||
        t % USEC_PER_S != 0) {
        return claims_fail(err, ERR_INPUT, "the dates of a signed credential are whole seconds");
    }
    return json_object_set_new(payload, claim, json_integer(t / USEC_PER_S)) == 0;
}

static bool text_claim(json_t *payload, const char *claim, struct sv text, struct err *err) {
    if (text.len == 0) {
        return claims_fail(err, ERR_INPUT,
                           "a credential needs id, issuer.id and credentialSubject.id to be signed "
                           "as a token");
    }
    return json_object_set_new(payload, claim, json_stringn(text.ptr, text.len)) == 0;
}

/* The credential and its claims; the caller owns it. */
static bool payload_of(const json_t *credential, json_t **out, struct err *err) {
    AUTO_JSON *p = json_copy((json_t *)credential);
    const json_t *subject = json_object_get(p, "credentialSubject");
    if (!text_claim(p, "iss", id_of(json_object_get(p, "issuer")), err) ||
        !text_claim(p, "jti", js_sv(json_object_get(p, "id")), err) ||
        !text_claim(p, "sub", js_sv(json_object_get(subject, "id")), err) ||
        !time_claim(p, "nbf", "validFrom", err) ||
        (json_object_get(p, "validUntil") != NULL && !time_claim(p, "exp", "validUntil", err))) {
        return false;
    }
    *out = json_incref(p);
    return true;
}

bool credential_jwt_sign(const struct jose_key *key, const json_t *credential, struct arena *a,
                         struct sv *token, struct err *err) {
    json_t *made = NULL;
    if (!payload_of(credential, &made, err)) {
        return false;
    }
    AUTO_JSON *payload = made;
    return jose_jwt_sign(key, payload, a, token, err);
}

bool credential_jwt_sign_with(const struct jose_proof_key *key, struct sv kid,
                              const json_t *credential, struct arena *a, struct sv *token,
                              struct err *err) {
    json_t *made = NULL;
    struct sv signature;
    struct str header;
    if (!payload_of(credential, &made, err)) {
        return false;
    }
    AUTO_JSON *payload = made;
    str_init(&header, a, JOSE_HEADER_MAX);
    str_addf(&header, "{\"alg\":\"%s\",\"kid\":", jose_proof_alg_name(jose_proof_key_alg(key)));
    quote_json(&header, kid);
    str_add_c(&header, ",\"typ\":\"JWT\"}");
    struct sv body = js_dump(a, payload);
    if (header.is_overflowed || body.len == 0) {
        return err_because(err, ERR_BUG, "sign", "the credential cannot be written as JSON");
    }
    struct sv head64 = base64url_encode(a, header.ptr, header.len);
    struct sv body64 = base64url_encode(a, body.ptr, body.len);
    struct sv input = sv_printf(a, "%.*s.%.*s", SV_ARG(head64), SV_ARG(body64));
    if (!jose_proof_key_sign(key, input, a, &signature, err)) {
        return false;
    }
    struct sv sig64 = base64url_encode(a, signature.ptr, signature.len);
    *token = sv_printf(a, "%.*s.%.*s", SV_ARG(input), SV_ARG(sig64));
    return true;
}
