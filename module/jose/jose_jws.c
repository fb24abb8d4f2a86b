#include "jose_jws.h"
#include "base_encode.h"

static bool refuse(struct err *err, const char *reason, const char *text) {
    return err_because(err, ERR_DENIED, reason, "%s", text);
}

bool jose_jws_split(struct arena *a, struct sv compact, size_t max_bytes, struct jose_jws *out,
                    struct err *err) {
    if (compact.len > max_bytes) {
        return refuse(err, "jws", "the signed token is too long");
    }
    struct sv header;
    struct sv payload;
    struct sv signature;
    struct sv rest;
    bool is_three = sv_cut(compact, '.', &header, &rest) && sv_cut(rest, '.', &payload, &signature);
    if (!is_three || header.len == 0 || payload.len == 0 || signature.len == 0) {
        return refuse(err, "jws", "a signed token has three parts with dots between them");
    }
    struct err ignored = {0};
    *out = (struct jose_jws){.signing_input = sv_head(compact, header.len + 1 + payload.len)};
    if (!base64url_decode(a, header, &out->header, &ignored) ||
        !base64url_decode(a, payload, &out->payload, &ignored) ||
        !base64url_decode(a, signature, &out->signature, &ignored)) {
        return refuse(err, "jws", "a part of the signed token is not base64url");
    }
    return true;
}

static bool header_judge(const json_t *header, struct sv *kid, struct err *err) {
    static const char *const never[] = {"crit", "b64", "enc", "zip"};
    if (!sv_eq(js_sv(json_object_get(header, "alg")), SV("RS256"))) {
        return refuse(err, "alg", "the token is not signed with RS256");
    }
    for (size_t i = 0; i < ARRAY_LEN(never); i++) {
        if (json_object_get(header, never[i]) != NULL) {
            return refuse(err, "crit", "the token's header asks for an extension");
        }
    }
    const json_t *typ = json_object_get(header, "typ");
    if (typ != NULL && !sv_eq_nocase(js_sv(typ), SV("JWT"))) {
        return refuse(err, "typ", "the token is of another type than JWT");
    }
    *kid = js_sv(json_object_get(header, "kid"));
    if (!jose_kid_is_valid(*kid)) {
        return refuse(err, "kid", "the token does not say which key it is signed with");
    }
    return true;
}

bool jose_jws_header(struct arena *a, struct jose_jws *jws, struct err *err) {
    json_t *root = NULL;
    struct err ignored = {0};
    bool is_json = js_parse(jws->header, JOSE_HEADER_MAX, "the header", &root, &ignored);
    AUTO_JSON *header = root;
    if (!is_json || !json_is_object(header)) {
        return refuse(err, "header", "the token's header is not a JSON object");
    }
    struct sv kid = {0};
    if (!header_judge(header, &kid, err)) {
        return false;
    }
    jws->kid = sv_copy(a, kid);
    return true;
}

bool jose_jwt_sign(const struct jose_key *key, const json_t *claims, struct arena *a,
                   struct sv *jwt, struct err *err) {
    struct str header;
    str_init(&header, a, JOSE_HEADER_MAX);
    str_add_c(&header, "{\"alg\":\"RS256\",\"kid\":");
    quote_json(&header, jose_key_kid(key));
    str_add_c(&header, ",\"typ\":\"JWT\"}");
    struct sv payload = js_dump(a, claims);
    if (header.is_overflowed || payload.len == 0) {
        return err_because(err, ERR_BUG, "sign", "the claims cannot be written as JSON");
    }
    struct sv head64 = base64url_encode(a, header.ptr, header.len);
    struct sv body64 = base64url_encode(a, payload.ptr, payload.len);
    struct sv input = sv_printf(a, "%.*s.%.*s", SV_ARG(head64), SV_ARG(body64));
    struct sv signature;
    if (!jose_key_sign_rs256(key, input, a, &signature, err)) {
        return false;
    }
    struct sv sig64 = base64url_encode(a, signature.ptr, signature.len);
    *jwt = sv_printf(a, "%.*s.%.*s", SV_ARG(input), SV_ARG(sig64));
    return true;
}
