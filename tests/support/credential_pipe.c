/* Laurel's credential room for tests in other languages: a line of JSON in, a line out.
 *   first          -> {"did": DID document, "rsa": bare JWK, "kid"} of keys made just now
 *   {"sign": c}    -> {"proof": object, "token": text, "nquads": text} or {"error": why}
 *   {"verify": text, "sources": {url: text}, "now": RFC 3339} -> the report of `laurel verify
 * --json` The issuer is https://badges.example.edu/issuers/0195e0c2-7c3f-7d3a-9d1e-0123456789ab. */
#include "credential_build.h"
#include "credential_jwt.h"
#include "credential_proof.h"
#include "credential_terms.h"
#include "credential_verify.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE SV("https://badges.example.edu")
#define ISSUER SV("0195e0c2-7c3f-7d3a-9d1e-0123456789ab")
#define PROOF_KEY SV("0195e0c2-7c3f-7d3a-9d1e-0123456789ac")
#define TOKEN_KEY SV("0195e0c2-7c3f-7d3a-9d1e-0123456789ad")
#define SOURCES_MAX 16

struct keys {
    struct jose_proof_key *proof;
    struct jose_key *token;
    struct sv method, kid;
};

static void answer(json_t *value) {
    AUTO_JSON *owned = value;
    if (owned == NULL || json_dumpf(owned, stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF) {
        abort();
    }
    (void)fflush(stdout);
}

static void must(bool is_ok, const struct err *err) {
    if (!is_ok) {
        fprintf(stderr, "credential_pipe: %s\n", err->text);
        exit(1);
    }
}

static void introduce(struct keys *k, struct arena *a) {
    struct err err = {0};
    struct sv did;
    json_t *document = NULL;
    must(credential_did(a, BASE, ISSUER, &did, &err), &err);
    k->kid = credential_url(a, BASE, "keys", TOKEN_KEY);
    k->method = sv_printf(a, "%.*s#%.*s", SV_ARG(did), SV_ARG(PROOF_KEY));
    must(jose_proof_key_generate(JOSE_PROOF_EDDSA, &k->proof, &err), &err);
    must(jose_key_generate(k->kid, &k->token, &err), &err);
    AUTO_JSON *proof = jose_proof_key_jwk(k->proof);
    AUTO_JSON *full = jose_key_public_jwk(k->token);
    AUTO_JSON *token = json_pack("{s:s, s:O, s:O}", "kty", "RSA", "n", json_object_get(full, "n"),
                                 "e", json_object_get(full, "e"));
    const struct credential_key keys[] = {
        {.public_id = PROOF_KEY, .jwk = proof, .is_proof_key = true},
        {.public_id = TOKEN_KEY, .jwk = token}};
    const struct model_issuer issuer = {.public_id = ISSUER, .name = SV("Example College")};
    const struct credential_issuer of = {.base_url = BASE, .issuer = &issuer};
    must(credential_did_document(&of, keys, ARRAY_LEN(keys), &document, &err), &err);
    answer(json_pack("{s:o, s:o, s:s}", "did", document, "rsa",
                     credential_key_document(BASE, &keys[1], sv_of(NULL, 0)), "kid", k->kid.ptr));
}

static bool sign(const struct keys *k, const json_t *credential, struct arena *a, json_t **out,
                 struct err *err) {
    const struct credential_proof_options options = {.created = SV("2026-05-01T10:00:00Z"),
                                                     .verification_method = k->method};
    const struct credential_canon_options how = {0};
    struct credential_dataset quads;
    struct credential_canon canon;
    struct sv token;
    json_t *proof = NULL;
    credential_dataset_init(&quads, a);
    if (!credential_proof_create(k->proof, credential, &options, &proof, err)) {
        return false;
    }
    if (!credential_emit(credential, true, &quads, err) ||
        !credential_canonicalise(&quads, &how, a, &canon, err) ||
        !credential_jwt_sign(k->token, credential, a, &token, err)) {
        json_decref(proof);
        return false;
    }
    *out = json_pack("{s:o, s:s%, s:s%}", "proof", proof, "token", token.ptr, token.len, "nquads",
                     canon.text.ptr, canon.text.len);
    return true;
}

static json_t *verify(const json_t *question, struct arena *a) {
    struct credential_source sources[SOURCES_MAX];
    struct credential_report report;
    struct credential_verify_input in = {.bytes = js_sv(json_object_get(question, "verify")),
                                         .sources = sources};
    const char *url = NULL;
    json_t *body = NULL;
    struct err err = {0};
    must(rfc3339_parse(js_sv(json_object_get(question, "now")), &in.now), &err);
    json_object_foreach(json_object_get(question, "sources"), url, body) {
        if (in.source_count == SOURCES_MAX) {
            abort();
        }
        sources[in.source_count++] =
            (struct credential_source){.url = sv_from(url), .body = js_sv(body)};
    }
    credential_verify(&in, a, &report);
    return credential_report_json(&report);
}

int main(void) {
    AUTO_ARENA keep = {0};
    struct keys keys = {0};
    char *line = NULL;
    size_t cap = 0;
    introduce(&keys, &keep);
    while (getline(&line, &cap, stdin) > 0) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        json_t *made = NULL;
        AUTO_JSON *question = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        const json_t *credential = json_object_get(question, "sign");
        if (credential == NULL) {
            made = verify(question, &a);
        } else if (!sign(&keys, credential, &a, &made, &err)) {
            made = json_pack("{s:s}", "error", err.text);
        }
        answer(made);
    }
    free(line);
    jose_proof_key_destroy(keys.proof);
    jose_key_unref(keys.token);
    return 0;
}
