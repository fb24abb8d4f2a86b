#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "credential_wallet.h"
#include "jose_proof_key.h"
#include <string.h>

#define BASE "https://badges.example.edu"
#define NOW (INT64_C(1800000000) * USEC_PER_S)
/* The example of the did:jwk method's specification. */
#define DID_JWK                                                                                    \
    "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6" \
    "OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"

struct wallet {
    struct arena arena;
    struct jose_proof_key *key;
    struct sv did, kid;
};

static void wallet_open(struct wallet *w, enum jose_proof_alg alg) {
    struct err err = {0};
    *w = (struct wallet){0};
    assert_true(jose_proof_key_generate(alg, &w->key, &err));
    struct sv multikey = jose_proof_key_multikey(w->key, &w->arena);
    w->did = sv_printf(&w->arena, "did:key:%.*s", SV_ARG(multikey));
    w->kid = sv_printf(&w->arena, "%.*s#%.*s", SV_ARG(w->did), SV_ARG(multikey));
}

static void wallet_close(struct wallet *w) {
    jose_proof_key_destroy(w->key);
    arena_release(&w->arena);
}

static struct sv sign(struct wallet *w, struct sv header, struct sv claims) {
    struct err err = {0};
    struct sv signature;
    struct sv head = base64url_encode(&w->arena, header.ptr, header.len);
    struct sv body = base64url_encode(&w->arena, claims.ptr, claims.len);
    struct sv input = sv_printf(&w->arena, "%.*s.%.*s", SV_ARG(head), SV_ARG(body));
    assert_true(jose_proof_key_sign(w->key, input, &w->arena, &signature, &err));
    struct sv tail = base64url_encode(&w->arena, signature.ptr, signature.len);
    return sv_printf(&w->arena, "%.*s.%.*s", SV_ARG(input), SV_ARG(tail));
}

static struct sv header_of(struct wallet *w) {
    return sv_printf(&w->arena,
                     "{\"typ\":\"openid4vci-proof+jwt\",\"alg\":\"%s\",\"kid\":\"%.*s\"}",
                     jose_proof_alg_name(jose_proof_key_alg(w->key)), SV_ARG(w->kid));
}

#define CLAIMS SV("{\"aud\":\"" BASE "\",\"iat\":1800000000,\"nonce\":\"n-1\"}")

static bool judge(struct wallet *w, struct sv header, struct sv claims,
                  struct credential_wallet_proof *out, struct err *err) {
    return credential_wallet_proof_judge(sign(w, header, claims), SV(BASE), NOW, &w->arena, out,
                                         err);
}

static void a_proof_of_either_key_gives_its_did_and_nonce(void **state) {
    (void)state;
    for (int alg = JOSE_PROOF_EDDSA; alg <= JOSE_PROOF_ES256; alg++) {
        struct wallet w;
        struct credential_wallet_proof proof;
        struct err err = {0};
        wallet_open(&w, (enum jose_proof_alg)alg);
        assert_true(judge(&w, header_of(&w), CLAIMS, &proof, &err));
        assert_true(sv_eq(proof.did, w.did) && sv_eq(proof.nonce, SV("n-1")));
        AUTO_JSON *jwk = jose_proof_key_jwk(w.key);
        struct sv header = sv_printf(
            &w.arena, "{\"typ\":\"openid4vci-proof+jwt\",\"alg\":\"%s\",\"jwk\":%.*s}",
            jose_proof_alg_name((enum jose_proof_alg)alg), SV_ARG(js_dump(&w.arena, jwk)));
        assert_true(judge(&w, header, CLAIMS, &proof, &err));
        assert_true(sv_eq(proof.did, w.did));
        wallet_close(&w);
    }
}

static void a_did_jwk_is_its_own_key(void **state) {
    (void)state;
    struct wallet w;
    struct credential_wallet_proof proof;
    struct err err = {0};
    wallet_open(&w, JOSE_PROOF_ES256);
    AUTO_JSON *jwk = jose_proof_key_jwk(w.key);
    struct sv text = js_dump(&w.arena, jwk);
    struct sv did =
        sv_printf(&w.arena, "did:jwk:%.*s", SV_ARG(base64url_encode(&w.arena, text.ptr, text.len)));
    w.kid = sv_printf(&w.arena, "%.*s#0", SV_ARG(did));
    assert_true(judge(&w, header_of(&w), CLAIMS, &proof, &err));
    assert_true(sv_eq(proof.did, did));
    w.kid = SV(DID_JWK "#0"); /* somebody else's */
    assert_false(judge(&w, header_of(&w), CLAIMS, &proof, &err));
    wallet_close(&w);
    assert_true(credential_wallet_did_is_fit(SV(DID_JWK)));
    assert_false(credential_wallet_did_is_fit(SV(DID_JWK "#0")));
    assert_false(credential_wallet_did_is_fit(SV("did:web:example.org")));
    assert_false(credential_wallet_did_is_fit(SV("did:key:z6Mk")));
}

static void what_is_wrong_with_a_proof_is_said(void **state) {
    (void)state;
    static const struct {
        const char *header; /* NULL: a good one */
        const char *claims; /* NULL: good ones */
        const char *words;
    } rows[] = {
        {"{\"typ\":\"JWT\",\"alg\":\"EdDSA\"}", NULL, "typ"},
        {"{\"alg\":\"EdDSA\"}", NULL, "typ"},
        {"{\"typ\":\"openid4vci-proof+jwt\",\"alg\":\"EdDSA\"}", NULL, "kid or by jwk"},
        {"{\"typ\":\"openid4vci-proof+jwt\",\"alg\":\"none\",\"kid\":\"" DID_JWK "#0\"}", NULL,
         "alg"},
        {"{\"typ\":\"openid4vci-proof+jwt\",\"alg\":\"ES256\",\"kid\":\"" DID_JWK
         "#0\",\"jwk\":{}}",
         NULL, "one of them"},
        {"{\"typ\":\"openid4vci-proof+jwt\",\"alg\":\"ES256\",\"kid\":\"" DID_JWK
         "#0\",\"crit\":[\"b64\"]}",
         NULL, "critical"},
        {"{\"typ\":\"openid4vci-proof+jwt\",\"alg\":\"EdDSA\",\"kid\":\"did:web:evil.example#k\"}",
         NULL, "none we take"},
        {"{\"typ\":\"openid4vci-proof+jwt\",\"alg\":\"EdDSA\",\"jwk\":{\"kty\":\"oct\",\"k\":"
         "\"AA\"}}",
         NULL, "none we take"},
        {NULL, "{\"aud\":\"https://other.example\",\"iat\":1800000000,\"nonce\":\"n\"}", "aud"},
        {NULL, "{\"aud\":[\"" BASE "\",\"x\"],\"iat\":1800000000,\"nonce\":\"n\"}", "aud"},
        {NULL, "{\"aud\":\"" BASE "\",\"nonce\":\"n\"}", "iat is missing"},
        {NULL, "{\"aud\":\"" BASE "\",\"iat\":1799999699,\"nonce\":\"n\"}", "iat is not now"},
        {NULL, "{\"aud\":\"" BASE "\",\"iat\":1800000061,\"nonce\":\"n\"}", "iat is not now"},
        {NULL, "{\"aud\":\"" BASE "\",\"iat\":1800000000,\"exp\":1799999000,\"nonce\":\"n\"}",
         "expired"},
        {NULL, "{\"aud\":\"" BASE "\",\"iat\":1800000000}", "nonce is missing"},
        {NULL, "[]", "nonce is missing"},
        {NULL, "{\"aud\":\"" BASE "\",\"aud\":\"x\",\"iat\":1800000000,\"nonce\":\"n\"}",
         "no compact JWT"},
    };
    struct wallet w;
    wallet_open(&w, JOSE_PROOF_EDDSA);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct credential_wallet_proof proof;
        struct err err = {0};
        struct sv header = rows[i].header == NULL ? header_of(&w) : sv_from(rows[i].header);
        struct sv claims = rows[i].claims == NULL ? CLAIMS : sv_from(rows[i].claims);
        assert_false(judge(&w, header, claims, &proof, &err));
        assert_string_equal(err.reason, "invalid_proof");
        if (strstr(err.text, rows[i].words) == NULL) {
            fail_msg("row %zu: %s", i, err.text);
        }
    }
    wallet_close(&w);
}

static void times_are_taken_to_their_boundaries_and_lists_of_one(void **state) {
    (void)state;
    static const char *const good[] = {
        "{\"aud\":\"" BASE "\",\"iat\":1799999700,\"nonce\":\"n\"}",
        "{\"aud\":[\"" BASE "\"],\"iat\":1800000060,\"nonce\":\"n\",\"iss\":\"wallet\"}"};
    struct wallet w;
    wallet_open(&w, JOSE_PROOF_EDDSA);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct credential_wallet_proof proof;
        struct err err = {0};
        assert_true(judge(&w, header_of(&w), sv_from(good[i]), &proof, &err));
    }
    wallet_close(&w);
}

static void a_changed_proof_is_refused_at_every_byte(void **state) {
    (void)state;
    struct wallet w;
    struct err err = {0};
    struct credential_wallet_proof proof;
    wallet_open(&w, JOSE_PROOF_EDDSA);
    struct sv token = sign(&w, header_of(&w), CLAIMS);
    assert_true(credential_wallet_proof_judge(token, SV(BASE), NOW, &w.arena, &proof, &err));
    for (size_t i = 0; i < token.len; i++) {
        struct err refused = {0};
        char *copy = arena_copy(&w.arena, token.ptr, token.len);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        assert_false(credential_wallet_proof_judge(sv_of(copy, token.len), SV(BASE), NOW, &w.arena,
                                                   &proof, &refused));
    }
    wallet_close(&w);
}

static void requests_of_now_and_of_old_drafts_are_read(void **state) {
    (void)state;
    static const struct {
        const char *body;
        enum credential_wallet_form form;
        bool is_old;
    } rows[] = {
        {"{\"credential_configuration_id\":\"ob3_ldp\",\"proofs\":{\"jwt\":[\"a.b.c\"]}}",
         CREDENTIAL_WALLET_LDP, false},
        {"{\"credential_configuration_id\":\"ob3_jwt\",\"proofs\":{\"jwt\":[\"a.b.c\"]},\"x\":1}",
         CREDENTIAL_WALLET_JWT, false},
        {"{\"format\":\"jwt_vc_json\",\"credential_definition\":{},\"proof\":{\"proof_type\":"
         "\"jwt\",\"jwt\":\"a.b.c\"}}",
         CREDENTIAL_WALLET_JWT, true},
        {"{\"credential_configuration_id\":\"ob3_ldp\",\"proof\":{\"proof_type\":\"jwt\",\"jwt\":"
         "\"a.b.c\"}}",
         CREDENTIAL_WALLET_LDP, true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct credential_wallet_request r;
        assert_true(credential_wallet_request_parse(sv_from(rows[i].body), &a, &r, &err));
        assert_true(r.form == rows[i].form && r.is_draft_13 == rows[i].is_old);
        assert_true(sv_eq(r.proof, SV("a.b.c")));
    }
}

static void requests_that_cannot_be_served_have_their_own_codes(void **state) {
    (void)state;
    static const struct {
        const char *body, *code;
    } rows[] = {
        {"", "invalid_credential_request"},
        {"[]", "invalid_credential_request"},
        {"{}", "invalid_credential_request"},
        {"{\"credential_configuration_id\":1}", "invalid_credential_request"},
        {"{\"credential_configuration_id\":\"mdl\"}", "unknown_credential_configuration"},
        {"{\"credential_identifier\":\"x\"}", "unknown_credential_identifier"},
        {"{\"credential_configuration_id\":\"ob3_ldp\"}", "invalid_proof"},
        {"{\"credential_configuration_id\":\"ob3_ldp\",\"proofs\":{\"jwt\":[]}}", "invalid_proof"},
        {"{\"credential_configuration_id\":\"ob3_ldp\",\"proofs\":{\"jwt\":[\"a\",\"b\"]}}",
         "invalid_proof"},
        {"{\"credential_configuration_id\":\"ob3_ldp\",\"proofs\":{\"jwt\":[\"a\"],\"di_vp\":[]}}",
         "invalid_proof"},
        {"{\"credential_configuration_id\":\"ob3_ldp\",\"proofs\":{\"jwt\":[\"a\"]},\"proof\":{}}",
         "invalid_credential_request"},
        {"{\"credential_configuration_id\":\"ob3_ldp\",\"credential_response_encryption\":{}}",
         "invalid_encryption_parameters"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct credential_wallet_request r;
        assert_false(credential_wallet_request_parse(sv_from(rows[i].body), &a, &r, &err));
        assert_string_equal(err.reason, rows[i].code);
        assert_null(strpbrk(err.text, "\"\\")); /* error_description */
    }
}

static void answers_and_documents_have_the_members_of_the_standard(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const struct credential_wallet_request now = {.form = CREDENTIAL_WALLET_LDP};
    const struct credential_wallet_request old = {.form = CREDENTIAL_WALLET_JWT,
                                                  .is_draft_13 = true};
    AUTO_JSON *issuer = credential_wallet_issuer_metadata(SV(BASE));
    AUTO_JSON *server = credential_wallet_server_metadata(SV(BASE));
    AUTO_JSON *open = credential_wallet_offer(SV(BASE), SV("c"), false);
    AUTO_JSON *guarded = credential_wallet_offer(SV(BASE), SV("c"), true);
    AUTO_JSON *json = credential_wallet_response(&now, SV("{\"id\":\"x\"}"));
    AUTO_JSON *token = credential_wallet_response(&old, SV("a.b.c"));
    assert_null(credential_wallet_response(&now, SV("a.b.c")));
    assert_true(sv_eq(js_sv(json_object_get(issuer, "credential_issuer")), SV(BASE)));
    assert_int_equal(
        json_object_size(json_object_get(issuer, "credential_configurations_supported")), 2);
    assert_true(sv_eq(js_sv(json_object_get(server, "token_endpoint")), SV(BASE "/oid4vci/token")));
    assert_true(sv_eq(js_dump(&a, open),
                      SV("{\"credential_issuer\":\"" BASE
                         "\",\"credential_configuration_ids\":[\"ob3_ldp\",\"ob3_jwt\"],\"grants\":"
                         "{\"" CREDENTIAL_WALLET_GRANT "\":{\"pre-authorized_code\":\"c\"}}}")));
    assert_non_null(strstr(sv_c(&a, js_dump(&a, guarded)), "\"tx_code\":{"));
    assert_true(
        sv_eq(js_dump(&a, json), SV("{\"credentials\":[{\"credential\":{\"id\":\"x\"}}]}")));
    assert_true(sv_eq(js_dump(&a, token),
                      SV("{\"credentials\":[{\"credential\":\"a.b.c\"}],\"credential\":\"a.b.c\","
                         "\"format\":\"jwt_vc_json\"}")));
    assert_true(sv_eq(credential_wallet_offer_link(&a, SV("https://h/offers/1")),
                      SV("openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fh%2Foffers%"
                         "2F1")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proof_of_either_key_gives_its_did_and_nonce),
        cmocka_unit_test(a_did_jwk_is_its_own_key),
        cmocka_unit_test(what_is_wrong_with_a_proof_is_said),
        cmocka_unit_test(times_are_taken_to_their_boundaries_and_lists_of_one),
        cmocka_unit_test(a_changed_proof_is_refused_at_every_byte),
        cmocka_unit_test(requests_of_now_and_of_old_drafts_are_read),
        cmocka_unit_test(requests_that_cannot_be_served_have_their_own_codes),
        cmocka_unit_test(answers_and_documents_have_the_members_of_the_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
