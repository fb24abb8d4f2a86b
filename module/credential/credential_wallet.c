/* Requests, answers and documents; the key proof is in credential_wallet_proof.c. */
#include "credential_wallet.h"
#include "base_encode.h"
#include "credential_json.h"

static const struct {
    const char *name, *format;
} FORMS[] = {[CREDENTIAL_WALLET_LDP] = {"ob3_ldp", "ldp_vc"},
             [CREDENTIAL_WALLET_JWT] = {"ob3_jwt", "jwt_vc_json"}};

const char *credential_wallet_form_name(enum credential_wallet_form form) {
    return FORMS[form].name;
}

static json_t *text(struct sv s) { return json_stringn(s.ptr == NULL ? "" : s.ptr, s.len); }

static json_t *address(struct sv base_url, const char *path) {
    AUTO_ARENA a = {0};
    return text(sv_printf(&a, "%.*s%s", SV_ARG(base_url), path));
}

static json_t *definition(enum credential_wallet_form form) {
    json_t *d = json_pack("{s:[s,s]}", "type", "VerifiableCredential", "OpenBadgeCredential");
    if (form == CREDENTIAL_WALLET_LDP) {
        (void)json_object_set_new(
            d, "@context",
            json_pack("[s,s,s]", "https://www.w3.org/ns/credentials/v2",
                      "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
                      "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"));
    }
    return d;
}

/* How an issuer of this installation may sign: each has a key for proofs, and one of either kind
 * for tokens. */
static json_t *ways_to_sign(enum credential_wallet_form form) {
    return form == CREDENTIAL_WALLET_LDP ? json_pack("[s]", "eddsa-rdfc-2022")
                                         : json_pack("[s,s]", "RS256", "ES256");
}

static json_t *configuration(enum credential_wallet_form form) {
    return json_pack("{s:s, s:s, s:o, s:o, s:[s,s], s:{s:{s:[s,s]}}, s:{s:[{s:s, s:s}]}}", "format",
                     FORMS[form].format, "scope", FORMS[form].name, "credential_definition",
                     definition(form), "credential_signing_alg_values_supported",
                     ways_to_sign(form), "cryptographic_binding_methods_supported", "did:key",
                     "did:jwk", "proof_types_supported", "jwt",
                     "proof_signing_alg_values_supported", "EdDSA", "ES256", "credential_metadata",
                     "display", "name", "Open Badge", "locale", "en");
}

json_t *credential_wallet_issuer_metadata(struct sv base_url) {
    json_t *configurations = json_object();
    for (int form = 0; form < CREDENTIAL_WALLET_FORMS; form++) {
        (void)json_object_set_new(configurations, FORMS[form].name,
                                  configuration((enum credential_wallet_form)form));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "credential_issuer", text(base_url),
                     "credential_endpoint", address(base_url, "/oid4vci/credential"),
                     "nonce_endpoint", address(base_url, "/oid4vci/nonce"),
                     "deferred_credential_endpoint", address(base_url, "/oid4vci/deferred"),
                     "credential_configurations_supported", configurations);
}

json_t *credential_wallet_server_metadata(struct sv base_url) {
    return json_pack("{s:o, s:o, s:[s], s:[], s:[s], s:b}", "issuer", text(base_url),
                     "token_endpoint", address(base_url, "/oid4vci/token"), "grant_types_supported",
                     CREDENTIAL_WALLET_GRANT, "response_types_supported",
                     "token_endpoint_auth_methods_supported", "none",
                     "pre-authorized_grant_anonymous_access_supported", 1);
}

json_t *credential_wallet_offer(struct sv base_url, struct sv code, bool has_transaction_code) {
    json_t *grant = json_pack("{s:o}", "pre-authorized_code", text(code));
    if (has_transaction_code) {
        (void)json_object_set_new(grant, "tx_code",
                                  json_pack("{s:s, s:i, s:s}", "input_mode", "numeric", "length",
                                            CREDENTIAL_WALLET_CODE_DIGITS, "description",
                                            "The code that is shown beside the QR code"));
    }
    return json_pack("{s:o, s:[s,s], s:{s:o}}", "credential_issuer", text(base_url),
                     "credential_configuration_ids", FORMS[CREDENTIAL_WALLET_LDP].name,
                     FORMS[CREDENTIAL_WALLET_JWT].name, "grants", CREDENTIAL_WALLET_GRANT, grant);
}

struct sv credential_wallet_offer_link(struct arena *a, struct sv offer_url) {
    struct str out;
    str_init(&out, a, 8192);
    str_add_c(&out, "openid-credential-offer://?credential_offer_uri=");
    percent_encode(&out, offer_url);
    return str_sv(&out);
}

static bool refuse(struct err *err, const char *code, const char *why) {
    return err_because(err, ERR_INPUT, code, "%s", why);
}

static bool find_form(struct sv name, bool is_format, enum credential_wallet_form *out) {
    for (int i = 0; i < CREDENTIAL_WALLET_FORMS; i++) {
        if (sv_eq(name, sv_from(is_format ? FORMS[i].format : FORMS[i].name))) {
            *out = (enum credential_wallet_form)i;
            return true;
        }
    }
    return false;
}

static bool take_form(const json_t *request, struct credential_wallet_request *out,
                      struct err *err) {
    struct sv name = {0};
    struct sv format = {0};
    if (!js_string(request, "credential_configuration_id", &name) ||
        !js_string(request, "format", &format)) {
        return refuse(err, "invalid_credential_request", "a member has another type than text");
    }
    if (json_object_get(request, "credential_identifier") != NULL) {
        return refuse(err, "unknown_credential_identifier",
                      "ask by credential_configuration_id: no identifiers were given out");
    }
    out->is_draft_13 = name.len == 0 && format.len > 0;
    if (name.len == 0 && format.len == 0) {
        return refuse(err, "invalid_credential_request", "credential_configuration_id is missing");
    }
    return find_form(out->is_draft_13 ? format : name, out->is_draft_13, &out->form) ||
           refuse(err, "unknown_credential_configuration", "ob3_ldp and ob3_jwt are offered");
}

/* proofs: {"jwt": ["..."]}; in old drafts proof: {"proof_type": "jwt", "jwt": "..."}. */
static bool take_proof(const json_t *request, struct arena *a,
                       struct credential_wallet_request *out, struct err *err) {
    const json_t *proofs = json_object_get(request, "proofs");
    const json_t *proof = json_object_get(request, "proof");
    const json_t *list = json_object_get(proofs, "jwt");
    const json_t *one = NULL;
    if (proofs != NULL && proof != NULL) {
        return refuse(err, "invalid_credential_request", "proof and proofs are both there");
    }
    if (proofs != NULL) {
        one = json_object_size(proofs) == 1 && json_array_size(list) == 1 ? json_array_get(list, 0)
                                                                          : NULL;
    } else if (sv_eq(js_sv(json_object_get(proof, "proof_type")), SV("jwt"))) {
        one = json_object_get(proof, "jwt");
        out->is_draft_13 = true;
    }
    out->proof = sv_copy(a, js_sv(one));
    return out->proof.len > 0 ||
           refuse(err, "invalid_proof", "one proof of the type jwt is wanted, and only one");
}

bool credential_wallet_request_parse(struct sv body, struct arena *a,
                                     struct credential_wallet_request *out, struct err *err) {
    json_t *parsed = NULL;
    struct err inner = {0};
    *out = (struct credential_wallet_request){0};
    if (!js_parse(body, CREDENTIAL_WALLET_REQUEST_MAX, "the request", &parsed, &inner)) {
        return refuse(err, "invalid_credential_request", "the request is no JSON");
    }
    AUTO_JSON *request = parsed;
    if (!json_is_object(request)) {
        return refuse(err, "invalid_credential_request", "the request is no JSON object");
    }
    if (json_object_get(request, "credential_response_encryption") != NULL) {
        return refuse(err, "invalid_encryption_parameters", "answers are not encrypted here");
    }
    return take_form(request, out, err) && take_proof(request, a, out, err);
}

json_t *credential_wallet_response(const struct credential_wallet_request *request,
                                   struct sv body) {
    struct err ignored = {0};
    json_t *credential = NULL;
    if (request->form == CREDENTIAL_WALLET_JWT) {
        credential = text(body);
    } else if (!js_parse(body, CREDENTIAL_JSON_BYTES_MAX, "the credential", &credential,
                         &ignored)) {
        return NULL;
    }
    json_t *response = json_pack("{s:[{s:O}]}", "credentials", "credential", credential);
    if (request->is_draft_13) {
        (void)json_object_set(response, "credential", credential);
        (void)json_object_set_new(response, "format", json_string(FORMS[request->form].format));
    }
    json_decref(credential);
    return response;
}

json_t *credential_wallet_deferred(struct sv transaction_id, int64_t interval_s) {
    return json_pack("{s:o, s:I}", "transaction_id", text(transaction_id), "interval",
                     (json_int_t)interval_s);
}
