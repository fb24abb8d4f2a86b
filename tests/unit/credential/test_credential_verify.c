#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_jwt.h"
#include "credential_proof.h"
#include "credential_verify.h"
#include "support_credential.h"
#include <string.h>
#include <zlib.h>

#define DID "did:web:badges.example.edu"
#define DID_URL "https://badges.example.edu/.well-known/did.json"
#define KEY_URL "https://badges.example.edu/keys/rsa"

/* A small web: what each URL answers. */
struct web {
    struct {
        const char *url;
        struct sv body; /* empty: does not answer */
    } pages[16];
    size_t count;
};

static void web_put(struct web *w, const char *url, struct sv body) {
    for (size_t i = 0; i < w->count; i++) {
        if (strcmp(w->pages[i].url, url) == 0) {
            w->pages[i].body = body;
            return;
        }
    }
    w->pages[w->count].url = url;
    w->pages[w->count++].body = body;
}

struct lab {
    struct arena arena;
    struct web web;
    struct jose_proof_key *key; /* DID#key-1 */
    struct jose_key *rsa;       /* KEY_URL, DID#rsa-1 */
    json_t *did;
    usec_t now;
    struct sv email;
    struct credential_report report;
    size_t fetches;
};

static void lab_publish(struct lab *lab) {
    web_put(&lab->web, DID_URL, js_dump(&lab->arena, lab->did));
}

static struct lab *lab_open(void) {
    struct lab *lab = calloc(1, sizeof *lab);
    struct err err = {0};
    assert_non_null(lab);
    AUTO_JSON *keys = vector_load("keys.json");
    lab->key = vector_ed25519();
    assert_true(jose_key_generate(SV(KEY_URL), &lab->rsa, &err));
    lab->did = json_deep_copy(vector_at(keys, "didDocument"));
    AUTO_JSON *jwk = jose_key_public_jwk(lab->rsa);
    (void)json_array_append_new(json_object_get(lab->did, "verificationMethod"),
                                json_pack("{s:s, s:s, s:s, s:O}", "id", DID "#rsa-1", "type",
                                          "JsonWebKey", "controller", DID, "publicKeyJwk", jwk));
    (void)json_array_append_new(json_object_get(lab->did, "assertionMethod"),
                                json_string(DID "#rsa-1"));
    web_put(&lab->web, KEY_URL, js_dump(&lab->arena, jwk));
    lab_publish(lab);
    assert_true(rfc3339_parse(SV("2025-01-01T00:00:00Z"), &lab->now));
    return lab;
}

static void lab_close(struct lab *lab) {
    jose_proof_key_destroy(lab->key);
    jose_key_unref(lab->rsa);
    json_decref(lab->did);
    arena_release(&lab->arena);
    free(lab);
}

/* Ask, answer, ask again, as a caller does. */
static const struct credential_report *lab_verify(struct lab *lab, struct sv bytes) {
    struct credential_source sources[CREDENTIAL_FETCHES_MAX + 1] = {0};
    struct credential_verify_input in = {
        .bytes = bytes, .now = lab->now, .email = lab->email, .sources = sources};
    for (;;) {
        credential_verify(&in, &lab->arena, &lab->report);
        lab->fetches = in.source_count;
        if (lab->report.next_url.len == 0) {
            return &lab->report;
        }
        assert_true(in.source_count < CREDENTIAL_FETCHES_MAX);
        struct credential_source *s = &sources[in.source_count++];
        *s = (struct credential_source){.url = lab->report.next_url,
                                        .problem = SV("its host does not answer")};
        for (size_t i = 0; i < lab->web.count; i++) {
            if (lab->web.pages[i].body.len > 0 && sv_eq(s->url, sv_from(lab->web.pages[i].url))) {
                s->body = lab->web.pages[i].body;
                s->problem = sv_of(NULL, 0);
            }
        }
    }
}

static void show(const struct credential_report *r) {
    for (int i = 0; i < CREDENTIAL_CHECK_COUNT; i++) {
        fprintf(stderr, "%s %s: %.*s\n", credential_check_name(i),
                credential_verdict_name(r->checks[i].verdict), SV_ARG(r->checks[i].text));
    }
}

/* The one check that does not pass, and how. */
#define assert_only(r, check, how)                                                                 \
    do {                                                                                           \
        const struct credential_report *r_ = (r);                                                  \
        for (int i_ = 0; i_ < CREDENTIAL_CHECK_RECIPIENT; i_++) {                                  \
            enum credential_verdict want_ = i_ == (int)(check) ? (how) : CREDENTIAL_PASSED;        \
            if (r_->checks[i_].verdict != want_ || r_->is_valid) {                                 \
                show(r_);                                                                          \
                fail_msg("%s is not %s (or the whole is valid)", credential_check_name(i_),        \
                         credential_verdict_name(want_));                                          \
            }                                                                                      \
        }                                                                                          \
    } while (0)

static void assert_valid(const struct credential_report *r) {
    if (!r->is_valid) {
        show(r);
        fail_msg("it should be valid");
    }
}

static json_t *bare(void) {
    AUTO_JSON *v = vector_load("eddsa-rdfc-2022-minimal.json");
    return json_deep_copy(vector_at(v, "unsecuredDocument"));
}

/* The document with a proof by that key. */
static struct sv sealed(struct lab *lab, json_t *doc, const struct jose_proof_key *key,
                        const char *method) {
    struct err err = {0};
    json_t *proof = NULL;
    const struct credential_proof_options how = {.created = SV("2024-03-01T09:00:05Z"),
                                                 .verification_method = sv_from(method)};
    if (!credential_proof_create(key, doc, &how, &proof, &err)) {
        fail_msg("%s", err.text);
    }
    AUTO_JSON *whole = json_deep_copy(doc);
    (void)json_object_set_new(whole, "proof", json_pack("[o]", proof));
    return js_dump(&lab->arena, whole);
}

static void verify__passes_json_png_svg_and_url(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    struct err err = {0};
    AUTO_JSON *v = vector_load("baking.json");
    struct sv png;
    assert_true(base64_decode(&lab->arena, vector_text(v, "png/bakedBase64"), &png, &err));
    assert_valid(lab_verify(lab, vector_text(v, "png/text")));
    assert_sv_equal(lab->report.name, SV("Lion taming"));
    assert_sv_equal(lab->report.issuer_name, SV("Example College"));
    assert_int_equal(lab->fetches, 1);
    assert_valid(lab_verify(lab, png));
    assert_valid(lab_verify(lab, vector_text(v, "svg/bakedExample")));
    web_put(&lab->web, "https://badges.example.edu/awards/1.png", png);
    assert_valid(lab_verify(lab, SV("https://badges.example.edu/awards/1.png\n")));
    assert_int_equal(lab->fetches, 2);
    lab_close(lab);
}

static void verify__passes_tokens_whose_key_the_issuer_lists(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    struct err err = {0};
    struct sv token;
    AUTO_JSON *doc = bare();
    assert_true(credential_jwt_sign(lab->rsa, doc, &lab->arena, &token, &err));
    assert_valid(lab_verify(lab, token));
    assert_int_equal(lab->fetches, 2);
    assert_true(
        credential_jwt_sign_with(lab->key, SV(DID "#key-1"), doc, &lab->arena, &token, &err));
    assert_valid(lab_verify(lab, token));
    /* An issuer that is an https URL: the key set at its host. */
    (void)json_object_set_new(vector_at(doc, "issuer"), "id",
                              json_string("https://badges.example.edu/issuers/1"));
    AUTO_JSON *jwk = jose_key_public_jwk(lab->rsa);
    AUTO_JSON *set = json_pack("{s:[O]}", "keys", jwk);
    assert_true(credential_jwt_sign(lab->rsa, doc, &lab->arena, &token, &err));
    assert_only(lab_verify(lab, token), CREDENTIAL_CHECK_ISSUER, CREDENTIAL_NOT_POSSIBLE);
    web_put(&lab->web, "https://badges.example.edu/.well-known/jwks.json",
            js_dump(&lab->arena, set));
    assert_valid(lab_verify(lab, token));
    /* The set says that the key is another issuer's of the same host. */
    (void)json_object_set_new(jwk, "iss", json_string("https://badges.example.edu/issuers/2"));
    web_put(&lab->web, "https://badges.example.edu/.well-known/jwks.json",
            js_dump(&lab->arena, set));
    assert_only(lab_verify(lab, token), CREDENTIAL_CHECK_ISSUER, CREDENTIAL_FAILED);
    lab_close(lab);
}

/* Issuers whose name is their key: nothing is fetched, and no other key will do. */
static void verify__passes_an_issuer_whose_name_is_the_key(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    struct err err = {0};
    struct sv token;
    AUTO_JOSE_PROOF_KEY *other = NULL;
    assert_true(jose_proof_key_generate(JOSE_PROOF_EDDSA, &other, &err));
    AUTO_JSON *jwk = jose_proof_key_jwk(lab->key);
    struct sv text = js_dump(&lab->arena, jwk);
    struct sv multikey = jose_proof_key_multikey(lab->key, &lab->arena);
    struct sv encoded = base64url_encode(&lab->arena, text.ptr, text.len);
    const char *dids[] = {arena_printf(&lab->arena, "did:jwk:%.*s", SV_ARG(encoded)),
                          arena_printf(&lab->arena, "did:key:%.*s", SV_ARG(multikey))};
    const char *fragments[] = {"0", arena_copy(&lab->arena, multikey.ptr, multikey.len)};
    for (size_t i = 0; i < ARRAY_LEN(dids); i++) {
        AUTO_JSON *doc = bare();
        char *method = arena_printf(&lab->arena, "%s#%s", dids[i], fragments[i]);
        struct sv by_other = sealed(lab, doc, lab->key, method);
        assert_only(lab_verify(lab, by_other), CREDENTIAL_CHECK_ISSUER, CREDENTIAL_FAILED);
        (void)json_object_set_new(vector_at(doc, "issuer"), "id", json_string(dids[i]));
        assert_valid(lab_verify(lab, sealed(lab, doc, lab->key, method)));
        assert_int_equal(lab->fetches, 0);
        struct sv by_another = sealed(lab, doc, other, method);
        assert_only(lab_verify(lab, by_another), CREDENTIAL_CHECK_SIGNATURE, CREDENTIAL_FAILED);
        method = arena_printf(&lab->arena, "%s#x", dids[i]);
        assert_false(lab_verify(lab, sealed(lab, doc, lab->key, method))->is_valid);
        /* A token names its key by a fragment of the issuer's. */
        method = arena_printf(&lab->arena, "#%s", fragments[i]);
        assert_true(
            credential_jwt_sign_with(lab->key, sv_from(method), doc, &lab->arena, &token, &err));
        assert_valid(lab_verify(lab, token));
        assert_true(
            credential_jwt_sign_with(other, sv_from(method), doc, &lab->arena, &token, &err));
        assert_only(lab_verify(lab, token), CREDENTIAL_CHECK_SIGNATURE, CREDENTIAL_FAILED);
        /* Its key lies somewhere else: it must still be the one. */
        web_put(&lab->web, "https://x.example/key", text);
        assert_true(credential_jwt_sign_with(lab->key, SV("https://x.example/key"), doc,
                                             &lab->arena, &token, &err));
        assert_valid(lab_verify(lab, token));
        AUTO_JSON *others = jose_proof_key_jwk(other);
        web_put(&lab->web, "https://x.example/key", js_dump(&lab->arena, others));
        assert_true(credential_jwt_sign_with(other, SV("https://x.example/key"), doc, &lab->arena,
                                             &token, &err));
        assert_only(lab_verify(lab, token), CREDENTIAL_CHECK_ISSUER, CREDENTIAL_FAILED);
    }
    lab_close(lab);
}

static void verify__says_which_proof_it_does_not_check(void **state) {
    (void)state;
    static const struct {
        const char *proof, *name;
    } rows[] = {
        {"{\"type\":\"Ed25519Signature2020\",\"proofValue\":\"z\"}", "Ed25519Signature2020"},
        {"[{\"type\":\"DataIntegrityProof\",\"cryptosuite\":\"ecdsa-sd-2023\"}]", "ecdsa-sd-2023"},
        {"[{}]", "without a type"}};
    struct lab *lab = lab_open();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_JSON *doc = bare();
        (void)json_object_set_new(doc, "proof", json_loads(rows[i].proof, 0, NULL));
        (void)lab_verify(lab, js_dump(&lab->arena, doc));
        struct credential_check said = lab->report.checks[CREDENTIAL_CHECK_SIGNATURE];
        assert_int_equal(said.verdict, CREDENTIAL_NOT_POSSIBLE);
        assert_non_null(
            strstr(arena_copy(&lab->arena, said.text.ptr, said.text.len), rows[i].name));
        assert_false(lab->report.is_valid);
    }
    lab_close(lab);
}

static void verify__fails_the_signature_of_what_was_changed(void **state) {
    (void)state;
    static const char *const paths[] = {"issuer/name", "credentialSubject/achievement/name",
                                        "credentialSubject/achievement/criteria/narrative"};
    struct lab *lab = lab_open();
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        AUTO_JSON *v = vector_load("eddsa-rdfc-2022-minimal.json");
        AUTO_JSON *doc = json_deep_copy(vector_at(v, "securedDocument"));
        assert_int_equal(json_string_set(vector_at(doc, paths[i]), "Forged"), 0);
        assert_only(lab_verify(lab, js_dump(&lab->arena, doc)), CREDENTIAL_CHECK_SIGNATURE,
                    CREDENTIAL_FAILED);
    }
    AUTO_JSON *doc = bare();
    (void)lab_verify(lab, js_dump(&lab->arena, doc));
    assert_int_equal(lab->report.checks[CREDENTIAL_CHECK_SIGNATURE].verdict, CREDENTIAL_FAILED);
    assert_false(lab->report.is_valid); /* not signed at all */
    lab_close(lab);
}

/* A right signature by somebody else who writes the college's name. */
static void verify__fails_the_issuer_when_another_signed(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    struct err err = {0};
    struct jose_proof_key *evil = NULL;
    assert_true(jose_proof_key_generate(JOSE_PROOF_EDDSA, &evil, &err));
    struct sv multikey = jose_proof_key_multikey(evil, &lab->arena);
    AUTO_JSON *doc = bare();
    /* By did:key. */
    char *method =
        arena_printf(&lab->arena, "did:key:%.*s#%.*s", SV_ARG(multikey), SV_ARG(multikey));
    assert_only(lab_verify(lab, sealed(lab, doc, evil, method)), CREDENTIAL_CHECK_ISSUER,
                CREDENTIAL_FAILED);
    /* By a did:web of the attacker's. */
    struct sv did = sv_printf(&lab->arena,
                              "{\"id\":\"did:web:evil.example\",\"verificationMethod\":[{\"id\":"
                              "\"did:web:evil.example#k\",\"type\":\"Multikey\",\"controller\":"
                              "\"did:web:evil.example\",\"publicKeyMultibase\":\"%.*s\"}],"
                              "\"assertionMethod\":[\"#k\"]}",
                              SV_ARG(multikey));
    web_put(&lab->web, "https://evil.example/.well-known/did.json", did);
    assert_only(lab_verify(lab, sealed(lab, doc, evil, "did:web:evil.example#k")),
                CREDENTIAL_CHECK_ISSUER, CREDENTIAL_FAILED);
    /* By a key document that claims the college as its controller. */
    struct sv key = sv_printf(&lab->arena,
                              "{\"id\":\"https://evil.example/k\",\"type\":\"Multikey\","
                              "\"controller\":\"" DID "\",\"publicKeyMultibase\":\"%.*s\"}",
                              SV_ARG(multikey));
    web_put(&lab->web, "https://evil.example/k", key);
    assert_only(lab_verify(lab, sealed(lab, doc, evil, "https://evil.example/k")),
                CREDENTIAL_CHECK_ISSUER, CREDENTIAL_FAILED);
    /* By a key inside the token. */
    AUTO_JSON *jwk = jose_proof_key_jwk(evil);
    AUTO_JSON *header = json_pack("{s:s, s:O}", "alg", "EdDSA", "jwk", jwk);
    struct sv token;
    struct sv signature;
    assert_true(credential_jwt_sign_with(evil, SV("k"), doc, &lab->arena, &token, &err));
    struct sv head = js_dump(&lab->arena, header);
    struct sv head64 = base64url_encode(&lab->arena, head.ptr, head.len);
    struct sv ignored;
    struct sv rest;
    struct sv payload;
    assert_true(sv_cut(token, '.', &ignored, &rest) && sv_cut(rest, '.', &payload, &ignored));
    struct sv input = sv_printf(&lab->arena, "%.*s.%.*s", SV_ARG(head64), SV_ARG(payload));
    assert_true(jose_proof_key_sign(evil, input, &lab->arena, &signature, &err));
    struct sv sig64 = base64url_encode(&lab->arena, signature.ptr, signature.len);
    assert_only(lab_verify(lab, sv_printf(&lab->arena, "%.*s.%.*s", SV_ARG(input), SV_ARG(sig64))),
                CREDENTIAL_CHECK_ISSUER, CREDENTIAL_FAILED);
    jose_proof_key_destroy(evil);
    lab_close(lab);
}

/* Changes to the issuer's DID document, and what each must come to. */
static void verify__obeys_the_issuers_did_document(void **state) {
    (void)state;
    static const struct {
        const char *member, *json;
        enum credential_verdict signature;
    } rows[] = {
        {"assertionMethod", "[\"#key-1\"]", CREDENTIAL_PASSED},
        {"assertionMethod", "[]", CREDENTIAL_FAILED},
        {"assertionMethod", "[\"" DID "#key-2\"]", CREDENTIAL_FAILED},
        {"authentication", "[\"" DID "#key-1\"]", CREDENTIAL_PASSED},
        {"id", "\"did:web:other.example\"", CREDENTIAL_FAILED},
        {"verificationMethod", "[]", CREDENTIAL_FAILED},
        {"verificationMethod",
         "[{\"id\":\"" DID "#key-1\",\"controller\":\"did:web:other.example\","
         "\"publicKeyMultibase\":\"z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd\"}]",
         CREDENTIAL_FAILED},
        {"verificationMethod",
         "[{\"id\":\"" DID "#key-1\",\"controller\":\"" DID "\",\"publicKeyMultibase\":\"z6Mk\"}]",
         CREDENTIAL_FAILED},
        {"verificationMethod",
         "[{\"id\":\"" DID "#key-1\",\"controller\":\"" DID "\",\"publicKeyMultibase\":"
         "\"z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi\"}]",
         CREDENTIAL_FAILED},
    };
    AUTO_JSON *doc = bare();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lab *lab = lab_open();
        (void)json_object_set_new(lab->did, rows[i].member,
                                  json_loads(rows[i].json, JSON_DECODE_ANY, NULL));
        lab_publish(lab);
        const struct credential_report *r =
            lab_verify(lab, sealed(lab, doc, lab->key, DID "#key-1"));
        if (r->checks[CREDENTIAL_CHECK_SIGNATURE].verdict != rows[i].signature ||
            r->is_valid != (rows[i].signature == CREDENTIAL_PASSED)) {
            show(r);
            fail_msg("row %zu", i);
        }
        lab_close(lab);
    }
    struct lab *lab = lab_open();
    web_put(&lab->web, DID_URL, sv_of(NULL, 0));
    (void)lab_verify(lab, sealed(lab, doc, lab->key, DID "#key-1"));
    assert_int_equal(lab->report.checks[CREDENTIAL_CHECK_SIGNATURE].verdict,
                     CREDENTIAL_NOT_POSSIBLE);
    assert_false(lab->report.is_valid);
    lab_close(lab);
}

static void verify__looks_at_the_clock(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    AUTO_JSON *doc = bare(); /* validFrom 2024-03-01T09:00:00Z */
    (void)json_object_set_new(doc, "validUntil", json_string("2025-06-01T00:00:00Z"));
    struct sv text = sealed(lab, doc, lab->key, DID "#key-1");
    assert_valid(lab_verify(lab, text));
    assert_true(rfc3339_parse(SV("2025-06-01T00:00:00Z"), &lab->now));
    assert_only(lab_verify(lab, text), CREDENTIAL_CHECK_DATES, CREDENTIAL_FAILED);
    assert_true(rfc3339_parse(SV("2024-03-01T08:54:59Z"), &lab->now));
    (void)lab_verify(lab, text);
    assert_int_equal(lab->report.checks[CREDENTIAL_CHECK_DATES].verdict, CREDENTIAL_FAILED);
    assert_int_equal(lab->report.checks[CREDENTIAL_CHECK_SIGNATURE].verdict, CREDENTIAL_FAILED);
    lab_close(lab);
}

#define LIST_URL "https://badges.example.edu/status/1"

/* A status list with bit `set` (-1: none). */
static json_t *status_list(struct lab *lab, const char *issuer, int set) {
    unsigned char bits[16384] = {0};
    unsigned char out[20000];
    z_stream z = {
        .next_in = bits, .avail_in = sizeof bits, .next_out = out, .avail_out = sizeof out};
    if (set >= 0) {
        bits[set / 8] = (unsigned char)(0x80 >> set % 8);
    }
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    struct sv text = base64url_encode(&lab->arena, out, sizeof out - z.avail_out);
    (void)deflateEnd(&z);
    char *encoded = arena_printf(&lab->arena, "u%.*s", SV_ARG(text));
    return json_pack("{s:[s], s:s, s:[s, s], s:s, s:s, s:{s:s, s:s, s:s, s:s}}", "@context",
                     "https://www.w3.org/ns/credentials/v2", "id", LIST_URL, "type",
                     "VerifiableCredential", "BitstringStatusListCredential", "issuer", issuer,
                     "validFrom", "2024-03-01T09:00:00Z", "credentialSubject", "id",
                     LIST_URL "#list", "type", "BitstringStatusList", "statusPurpose", "revocation",
                     "encodedList", encoded);
}

static void verify__reads_the_bitstring_list_of_the_issuer_only(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    AUTO_JSON *doc = bare();
    (void)json_object_set_new(doc, "credentialStatus",
                              json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", LIST_URL "#94567",
                                        "type", "BitstringStatusListEntry", "statusPurpose",
                                        "revocation", "statusListIndex", "94567",
                                        "statusListCredential", LIST_URL));
    struct sv text = sealed(lab, doc, lab->key, DID "#key-1");
    assert_only(lab_verify(lab, text), CREDENTIAL_CHECK_STATUS, CREDENTIAL_NOT_POSSIBLE);
    for (int set = 94566; set <= 94568; set++) {
        AUTO_JSON *list = status_list(lab, DID, set);
        web_put(&lab->web, LIST_URL, sealed(lab, list, lab->key, DID "#key-1"));
        if (set == 94567) {
            assert_only(lab_verify(lab, text), CREDENTIAL_CHECK_STATUS, CREDENTIAL_FAILED);
        } else {
            assert_valid(lab_verify(lab, text));
        }
    }
    /* The list as a token. */
    struct err err = {0};
    struct sv token;
    AUTO_JSON *good = status_list(lab, DID, -1);
    assert_true(credential_jwt_sign(lab->rsa, good, &lab->arena, &token, &err));
    web_put(&lab->web, LIST_URL, token);
    assert_valid(lab_verify(lab, text));
    /* Unsigned; another issuer's; for another purpose; out of date; another id. */
    web_put(&lab->web, LIST_URL, js_dump(&lab->arena, good));
    assert_only(lab_verify(lab, text), CREDENTIAL_CHECK_STATUS, CREDENTIAL_NOT_POSSIBLE);
    /* Rightly signed, in the issuer's name, by somebody else. */
    struct jose_proof_key *evil = NULL;
    assert_true(jose_proof_key_generate(JOSE_PROOF_EDDSA, &evil, &err));
    struct sv multikey = jose_proof_key_multikey(evil, &lab->arena);
    char *method =
        arena_printf(&lab->arena, "did:key:%.*s#%.*s", SV_ARG(multikey), SV_ARG(multikey));
    web_put(&lab->web, LIST_URL, sealed(lab, good, evil, method));
    jose_proof_key_destroy(evil);
    assert_only(lab_verify(lab, text), CREDENTIAL_CHECK_STATUS, CREDENTIAL_NOT_POSSIBLE);
    static const struct {
        const char *path, *member, *value;
    } rows[] = {
        {NULL, "issuer", "did:web:other.example"},
        {NULL, "id", "https://badges.example.edu/status/2"},
        {NULL, "validUntil", "2024-12-31T00:00:00Z"},
        {"credentialSubject", "statusPurpose", "suspension"},
        {"credentialSubject", "encodedList", "uH4sIAAAA"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_JSON *list = status_list(lab, DID, -1);
        json_t *at = rows[i].path == NULL ? list : vector_at(list, rows[i].path);
        (void)json_object_set_new(at, rows[i].member, json_string(rows[i].value));
        web_put(&lab->web, LIST_URL, sealed(lab, list, lab->key, DID "#key-1"));
        assert_only(lab_verify(lab, text), CREDENTIAL_CHECK_STATUS, CREDENTIAL_NOT_POSSIBLE);
    }
    lab_close(lab);
}

/* A set of one is the same in RDF as its member, so the signature of the embedded kind still fits
 * when whoever holds a revoked badge writes it so. */
static void verify__is_not_fooled_by_another_way_to_write_a_status_entry(void **state) {
    (void)state;
    static const char *const members[] = {"statusPurpose", "statusListIndex",
                                          "statusListCredential"};
    struct lab *lab = lab_open();
    struct err err = {0};
    json_t *parsed = NULL;
    AUTO_JSON *list = status_list(lab, DID, 94567);
    AUTO_JSON *doc = bare();
    (void)json_object_set_new(doc, "credentialStatus",
                              json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", LIST_URL "#94567",
                                        "type", "BitstringStatusListEntry", "statusPurpose",
                                        "revocation", "statusListIndex", "94567",
                                        "statusListCredential", LIST_URL));
    struct sv text = sealed(lab, doc, lab->key, DID "#key-1");
    web_put(&lab->web, LIST_URL, sealed(lab, list, lab->key, DID "#key-1"));
    assert_only(lab_verify(lab, text), CREDENTIAL_CHECK_STATUS, CREDENTIAL_FAILED);
    assert_true(js_parse(text, text.len, "it", &parsed, &err));
    AUTO_JSON *whole = parsed;
    json_t *entry = json_object_get(whole, "credentialStatus");
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_t *was = json_incref(json_object_get(entry, members[i]));
        (void)json_object_set_new(entry, members[i], json_pack("[O]", was));
        assert_only(lab_verify(lab, js_dump(&lab->arena, whole)), CREDENTIAL_CHECK_STATUS,
                    CREDENTIAL_NOT_POSSIBLE);
        (void)json_object_set_new(entry, members[i], was);
    }
    /* Split in two that are one node: none of them alone says what it is for. */
    json_t *other =
        json_pack("{s:s, s:s}", "id", LIST_URL "#94567", "type", "BitstringStatusListEntry");
    (void)json_object_set_new(whole, "credentialStatus", json_pack("[o, O]", other, entry));
    const struct credential_report *r = lab_verify(lab, js_dump(&lab->arena, whole));
    assert_false(r->is_valid);
    assert_only(r, CREDENTIAL_CHECK_STATUS, CREDENTIAL_FAILED);
    lab_close(lab);
}

static void verify__reads_a_1edtech_revocation_list(void **state) {
    (void)state;
    static const char url[] = "https://badges.example.edu/revocations";
    struct lab *lab = lab_open();
    AUTO_JSON *doc = bare();
    (void)json_object_set_new(doc, "credentialStatus",
                              json_pack("{s:s, s:s}", "id", url, "type", "1EdTechRevocationList"));
    struct sv text = sealed(lab, doc, lab->key, DID "#key-1");
    web_put(&lab->web, url,
            SV("{\"id\":\"https://badges.example.edu/revocations\",\"issuer\":\"" DID
               "\",\"revokedCredential\":[]}"));
    assert_valid(lab_verify(lab, text));
    web_put(&lab->web, url,
            SV("{\"id\":\"https://badges.example.edu/revocations\",\"issuer\":\"" DID
               "\",\"revokedCredential\":[{\"id\":\"https://badges.example.edu/credentials/1\","
               "\"revocationReason\":\"Issued by mistake\"}]}"));
    assert_only(lab_verify(lab, text), CREDENTIAL_CHECK_STATUS, CREDENTIAL_FAILED);
    assert_non_null(strstr(sv_c(&lab->arena, lab->report.checks[CREDENTIAL_CHECK_STATUS].text),
                           "Issued by mistake"));
    lab_close(lab);
}

static void verify__says_whose_it_is_when_asked(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    AUTO_JSON *doc = bare();
    lab->email = SV("a@example.com");
    struct sv without = sealed(lab, doc, lab->key, DID "#key-1");
    assert_int_equal(lab_verify(lab, without)->checks[CREDENTIAL_CHECK_RECIPIENT].verdict,
                     CREDENTIAL_NOT_POSSIBLE);
    assert_false(lab->report.is_valid);
    (void)json_object_set_new(
        vector_at(doc, "credentialSubject"), "identifier",
        json_pack("[{s:s, s:b, s:s, s:s, s:s}]", "type", "IdentityObject", "hashed", 1,
                  "identityHash",
                  "sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399",
                  "identityType", "emailAddress", "salt", "Kosher"));
    struct sv with = sealed(lab, doc, lab->key, DID "#key-1");
    assert_valid(lab_verify(lab, with));
    lab->email = SV("b@example.com");
    assert_int_equal(lab_verify(lab, with)->checks[CREDENTIAL_CHECK_RECIPIENT].verdict,
                     CREDENTIAL_FAILED);
    assert_false(lab->report.is_valid);
    lab->email = SV("");
    assert_valid(lab_verify(lab, with));
    lab_close(lab);
}

/* Signed as it stands, so that only the structure is wrong. */
static void verify__fails_the_structure_without_what_the_standard_asks_for(void **state) {
    (void)state;
    static const struct {
        const char *object, *member, *json; /* json NULL: taken out */
    } rows[] = {
        {NULL, "id", NULL},
        {NULL, "validFrom", NULL},
        {NULL, "validFrom", "\"2024-03-01\""},
        {NULL, "type", "[\"VerifiableCredential\"]"},
        {NULL, "issuer", "\"" DID "\""},
        {"issuer", "type", NULL},
        {"credentialSubject", "type", NULL},
        {"credentialSubject", "id", NULL},
        {"credentialSubject", "achievement", NULL},
        {"credentialSubject/achievement", "name", NULL},
        {"credentialSubject/achievement", "description", NULL},
        {"credentialSubject/achievement", "criteria", NULL},
        {"credentialSubject/achievement", "criteria", "{\"type\":[\"Criteria\"]}"},
        {"credentialSubject/achievement", "id", NULL},
        {"credentialSubject/achievement", "alignment",
         "[{\"type\":[\"Alignment\"],"
         "\"targetName\":\"x\"}]"},
        {"credentialSubject", "result",
         "[{\"type\":[\"Result\"],\"resultDescription\":\"urn:none\",\"value\":\"1\"}]"},
        {"credentialSubject", "identifier", "[{\"type\":\"IdentityObject\"}]"},
        {NULL, "evidence", "[{\"type\":[\"Image\"],\"id\":\"urn:x\"}]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lab *lab = lab_open();
        AUTO_JSON *doc = bare();
        json_t *at = rows[i].object == NULL ? doc : vector_at(doc, rows[i].object);
        if (rows[i].json == NULL) {
            assert_int_equal(json_object_del(at, rows[i].member), 0);
        } else {
            (void)json_object_set_new(at, rows[i].member,
                                      json_loads(rows[i].json, JSON_DECODE_ANY, NULL));
        }
        struct err err = {0};
        json_t *proof = NULL;
        const struct credential_proof_options how = {.created = SV("2024-03-01T09:00:05Z"),
                                                     .verification_method = SV(DID "#key-1")};
        if (credential_proof_create(lab->key, doc, &how, &proof, &err)) {
            (void)json_object_set_new(doc, "proof", proof);
        } /* else its terms are not even defined */
        const struct credential_report *r = lab_verify(lab, js_dump(&lab->arena, doc));
        if (r->checks[CREDENTIAL_CHECK_STRUCTURE].verdict != CREDENTIAL_FAILED || r->is_valid) {
            show(r);
            fail_msg("row %zu", i);
        }
        lab_close(lab);
    }
}

/* Tokens are not canonicalised: nothing else would notice a context that turns words round. */
static void verify__fails_contexts_that_redefine_terms(void **state) {
    (void)state;
    static const struct {
        const char *context;
        bool is_fit;
    } rows[] = {{"{\"name\":\"https://evil.example/name\"}", false},
                {"{\"Achievement\":\"https://evil.example/A\"}", false},
                {"{\"humanCode\":\"https://evil.example/h\"}", false},
                {"{\"id\":\"https://evil.example/id\"}", false},
                {"{\"@vocab\":\"https://evil.example/\"}", false},
                {"{\"@version\":1.1,\"ours\":\"https://x.example/ours\"}", true},
                {"\"https://x.example/context.json\"", true}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct lab *lab = lab_open();
        struct err err = {0};
        struct sv token;
        AUTO_JSON *doc = bare();
        (void)json_array_append_new(json_object_get(doc, "@context"),
                                    json_loads(rows[i].context, JSON_DECODE_ANY, NULL));
        assert_true(credential_jwt_sign(lab->rsa, doc, &lab->arena, &token, &err));
        if (rows[i].is_fit) {
            assert_valid(lab_verify(lab, token));
        } else {
            assert_only(lab_verify(lab, token), CREDENTIAL_CHECK_STRUCTURE, CREDENTIAL_FAILED);
        }
        lab_close(lab);
    }
}

/* What people paste: half an address, one without TLS, a sentence. */
static void verify__says_what_can_be_pasted(void **state) {
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {{"badges.example.edu/awards/1", "begins with https://"},
                {"my badge", "begins with https://"},
                {"hello", "neither JSON nor a signed token"},
                {"http://badges.example.edu/awards/1", "is no https URL"},
                {"https://badges.example.edu/awards/1 and more", "is no https URL"},
                {"a.b.c", "token"}};
    struct lab *lab = lab_open();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)lab_verify(lab, sv_from(rows[i].text));
        struct credential_check said = lab->report.checks[CREDENTIAL_CHECK_FORMAT];
        if (said.verdict == CREDENTIAL_PASSED || lab->fetches != 0 ||
            strstr(arena_copy(&lab->arena, said.text.ptr, said.text.len), rows[i].words) == NULL) {
            fail_msg("%s: %.*s", rows[i].text, SV_ARG(said.text));
        }
    }
    lab_close(lab);
}

static void verify__recognises_what_it_does_not_verify(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    struct sv rows[] = {
        SV("{\"@context\":\"https://w3id.org/openbadges/v1\",\"type\":\"Assertion\"}"),
        SV("{\"@context\":[\"https://www.w3.org/2018/credentials/v1\"],\"type\":[]}"),
        SV("{\"uid\":\"1\",\"recipient\":{},\"badge\":\"https://x.example/b\",\"verify\":{}}"),
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        (void)lab_verify(lab, rows[i]);
        assert_int_equal(lab->report.checks[CREDENTIAL_CHECK_VERSION].verdict,
                         CREDENTIAL_NOT_POSSIBLE);
        assert_false(lab->report.is_valid);
    }
    struct sv wrong[] = {SV("{}"), SV("{\"@context\":\"https://schema.org\"}")};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        (void)lab_verify(lab, wrong[i]);
        assert_int_equal(lab->report.checks[CREDENTIAL_CHECK_VERSION].verdict, CREDENTIAL_FAILED);
    }
    struct sv unreadable[] = {SV(""), SV("hello"), SV("{"), SV("<svg/>"), SV("a.b.c")};
    for (size_t i = 0; i < ARRAY_LEN(unreadable); i++) {
        (void)lab_verify(lab, unreadable[i]);
        assert_int_equal(lab->report.checks[CREDENTIAL_CHECK_FORMAT].verdict, CREDENTIAL_FAILED);
        assert_false(lab->report.is_valid);
    }
    lab_close(lab);
}

static void verify__names_only_fit_urls_and_never_more_than_ten(void **state) {
    (void)state;
    static const char *const methods[] = {"http://badges.example.edu/k",
                                          "https://user@badges.example.edu/k",
                                          "file:///etc/passwd",
                                          "did:web:badges.example.edu:..:x#k",
                                          "https:///k",
                                          "gopher://x/k",
                                          "urn:key",
                                          "did:example:1#k"};
    struct lab *lab = lab_open();
    AUTO_JSON *doc = bare();
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        (void)lab_verify(lab, sealed(lab, doc, lab->key, methods[i]));
        assert_int_equal(lab->fetches, 0);
        assert_false(lab->report.is_valid);
    }
    struct credential_source sources[CREDENTIAL_FETCHES_MAX];
    for (size_t i = 0; i < CREDENTIAL_FETCHES_MAX; i++) {
        sources[i] = (struct credential_source){.url = SV("https://x.example/"), .body = SV("{}")};
    }
    struct credential_verify_input in = {.bytes = sealed(lab, doc, lab->key, DID "#key-1"),
                                         .now = lab->now,
                                         .sources = sources,
                                         .source_count = CREDENTIAL_FETCHES_MAX - 1};
    credential_verify(&in, &lab->arena, &lab->report);
    assert_sv_equal(lab->report.next_url, SV(DID_URL));
    in.source_count = CREDENTIAL_FETCHES_MAX;
    credential_verify(&in, &lab->arena, &lab->report);
    assert_int_equal(lab->report.next_url.len, 0);
    assert_false(lab->report.is_valid);
    lab_close(lab);
}

#define OB2 "https://badges.example.edu/ob2/"

/* The vector's world: badge class, issuer, key, an empty revocation list. */
static void publish_ob2(struct lab *lab, const json_t *v) {
    web_put(&lab->web, OB2 "badges/1", js_dump(&lab->arena, vector_at(v, "badge")));
    web_put(&lab->web, OB2 "issuer", js_dump(&lab->arena, vector_at(v, "issuer")));
    web_put(&lab->web, OB2 "key", js_dump(&lab->arena, vector_at(v, "key")));
    web_put(&lab->web, OB2 "revoked",
            SV("{\"id\":\"" OB2 "revoked\",\"type\":\"RevocationList\",\"revokedAssertions\":[]}"));
}

static void verify__passes_a_signed_badge_of_2_0_until_it_is_revoked(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    AUTO_JSON *v = vector_load("ob2-signed.json");
    struct sv token = vector_text(v, "jws");
    publish_ob2(lab, v);
    lab->email = SV("ada@example.org");
    assert_valid(lab_verify(lab, token));
    assert_sv_equal(lab->report.name, SV("Lion taming"));
    lab->email = SV("bob@example.org");
    assert_int_equal(lab_verify(lab, token)->checks[CREDENTIAL_CHECK_RECIPIENT].verdict,
                     CREDENTIAL_FAILED);
    lab->email = SV("");
    web_put(&lab->web, OB2 "revoked",
            SV("{\"id\":\"" OB2 "revoked\",\"revokedAssertions\":[{\"id\":"
               "\"urn:uuid:6d3f7c0e-6e4b-4b8a-9d53-6c1f2b1f0a11\"}]}"));
    assert_only(lab_verify(lab, token), CREDENTIAL_CHECK_STATUS, CREDENTIAL_FAILED);
    /* The list named by an object, as JSON-LD allows; and by what leads nowhere. */
    AUTO_JSON *profile = json_deep_copy(vector_at(v, "issuer"));
    (void)json_object_set_new(profile, "revocationList", json_pack("{s:s}", "id", OB2 "revoked"));
    web_put(&lab->web, OB2 "issuer", js_dump(&lab->arena, profile));
    assert_only(lab_verify(lab, token), CREDENTIAL_CHECK_STATUS, CREDENTIAL_FAILED);
    (void)json_object_set_new(profile, "revocationList", json_true());
    web_put(&lab->web, OB2 "issuer", js_dump(&lab->arena, profile));
    assert_only(lab_verify(lab, token), CREDENTIAL_CHECK_STATUS, CREDENTIAL_NOT_POSSIBLE);
    publish_ob2(lab, v);
    /* A key that the profile does not list, or that is another's; another key; other bytes. */
    static const struct {
        const char *url, *object, *member, *value;
        enum credential_check_kind check;
    } rows[] = {
        {OB2 "issuer", "issuer", "publicKey", OB2 "other", CREDENTIAL_CHECK_ISSUER},
        {OB2 "key", "key", "owner", "https://other.example/", CREDENTIAL_CHECK_ISSUER},
        {OB2 "key", "key", "publicKeyPem", "none", CREDENTIAL_CHECK_SIGNATURE},
        {OB2 "key", "key", "id", OB2 "other", CREDENTIAL_CHECK_SIGNATURE},
        {OB2 "issuer", "issuer", "id", OB2 "other", CREDENTIAL_CHECK_SIGNATURE},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        publish_ob2(lab, v);
        AUTO_JSON *page = json_deep_copy(vector_at(v, rows[i].object));
        (void)json_object_set_new(page, rows[i].member, json_string(rows[i].value));
        web_put(&lab->web, rows[i].url, js_dump(&lab->arena, page));
        const struct credential_report *r = lab_verify(lab, token);
        if (r->checks[rows[i].check].verdict != CREDENTIAL_FAILED || r->is_valid) {
            show(r);
            fail_msg("row %zu", i);
        }
    }
    publish_ob2(lab, v);
    char *copy = arena_copy(&lab->arena, token.ptr, token.len);
    copy[token.len - 30] = copy[token.len - 30] == 'A' ? 'B' : 'A';
    assert_only(lab_verify(lab, sv_of(copy, token.len)), CREDENTIAL_CHECK_SIGNATURE,
                CREDENTIAL_FAILED);
    lab_close(lab);
}

static void verify__believes_a_hosted_badge_of_2_0_only_at_its_address(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    AUTO_JSON *v = vector_load("ob2-signed.json");
    publish_ob2(lab, v);
    AUTO_JSON *real = json_deep_copy(vector_at(v, "assertion"));
    (void)json_object_set_new(real, "id", json_string(OB2 "awards/1"));
    (void)json_object_set_new(real, "verification", json_pack("{s:s}", "type", "HostedBadge"));
    struct sv text = js_dump(&lab->arena, real);
    assert_false(lab_verify(lab, text)->is_valid); /* nothing is there */
    assert_int_equal(lab->report.checks[CREDENTIAL_CHECK_SIGNATURE].verdict,
                     CREDENTIAL_NOT_POSSIBLE);
    web_put(&lab->web, OB2 "awards/1", text);
    assert_valid(lab_verify(lab, text));
    assert_valid(lab_verify(lab, SV("<svg xmlns:o='http://openbadges.org'><o:assertion verify='" OB2
                                    "awards/1'/></svg>")));
    /* Handed in with another recipient: the address counts. */
    AUTO_JSON *forged = json_deep_copy(real);
    (void)json_object_set_new(vector_at(forged, "recipient"), "identity", json_string("sha256$00"));
    lab->email = SV("ada@example.org");
    assert_valid(lab_verify(lab, js_dump(&lab->arena, forged)));
    lab->email = SV("");
    /* Somebody else's host shows a badge of the college's. */
    (void)json_object_set_new(forged, "id", json_string("https://evil.example/1"));
    web_put(&lab->web, "https://evil.example/1", js_dump(&lab->arena, forged));
    assert_only(lab_verify(lab, js_dump(&lab->arena, forged)), CREDENTIAL_CHECK_ISSUER,
                CREDENTIAL_FAILED);
    /* The issuer says where badges lie: below it, and at no host whose name only begins so. */
    static const struct {
        const char *starts, *id;
        bool is_his;
    } scopes[] = {
        {"https://badges.example.edu/ob2/awards/", OB2 "awards/1", true},
        {"https://badges.example.edu", OB2 "awards/1", true},
        {"https://badges.example.edu/other/", OB2 "awards/1", false},
        {"https://", OB2 "awards/1", false},
        {"https://badges.example.edu", "https://badges.example.edu.evil.example/1", false},
        {"https://badges.example.edu", "https://badges.example.edu:444/1", false}};
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        AUTO_JSON *issuer = json_deep_copy(vector_at(v, "issuer"));
        AUTO_JSON *there = json_deep_copy(real);
        (void)json_object_set_new(issuer, "verification",
                                  json_pack("{s:s}", "startsWith", scopes[i].starts));
        (void)json_object_set_new(there, "id", json_string(scopes[i].id));
        struct sv shown = js_dump(&lab->arena, there);
        web_put(&lab->web, OB2 "issuer", js_dump(&lab->arena, issuer));
        web_put(&lab->web, scopes[i].id, shown);
        if (scopes[i].is_his) {
            assert_valid(lab_verify(lab, shown));
        } else {
            assert_only(lab_verify(lab, shown), CREDENTIAL_CHECK_ISSUER, CREDENTIAL_FAILED);
        }
    }
    publish_ob2(lab, v);
    /* Revoked, expired, incomplete. */
    static const struct {
        const char *member, *json;
        enum credential_check_kind check;
    } rows[] = {{"revoked", "true", CREDENTIAL_CHECK_STATUS},
                {"expires", "\"2024-06-01T00:00:00Z\"", CREDENTIAL_CHECK_DATES},
                {"issuedOn", "\"2026-01-01T00:00:00Z\"", CREDENTIAL_CHECK_DATES},
                {"recipient", "null", CREDENTIAL_CHECK_STRUCTURE},
                {"type", "\"Thing\"", CREDENTIAL_CHECK_STRUCTURE}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_JSON *page = json_deep_copy(real);
        (void)json_object_set_new(page, rows[i].member,
                                  json_loads(rows[i].json, JSON_DECODE_ANY, NULL));
        web_put(&lab->web, OB2 "awards/1", js_dump(&lab->arena, page));
        assert_only(lab_verify(lab, text), rows[i].check, CREDENTIAL_FAILED);
    }
    const struct credential_source gone = {
        .url = SV(OB2 "awards/1"), .problem = SV("it answers with status 410"), .is_gone = true};
    struct credential_verify_input in = {
        .bytes = text, .now = lab->now, .sources = &gone, .source_count = 1};
    credential_verify(&in, &lab->arena, &lab->report);
    assert_int_equal(lab->report.checks[CREDENTIAL_CHECK_SIGNATURE].verdict, CREDENTIAL_FAILED);
    lab_close(lab);
}

/* As Moodle 4 writes them (badges/classes/assertion.php, badge_json.php, issuer_json.php): the
 * badge class inside the assertion, `verify`, dates with an offset, the address of a PNG without
 * the version in it. */
static void verify__passes_what_moodle_makes(void **state) {
    (void)state;
#define M "https://moodle.example/badges/"
#define CTX "\"@context\":\"https://w3id.org/openbadges/v2\","
    static const char assertion[] =
        "{\"recipient\":{\"identity\":\"sha256$"
        "b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922"
        "ef399\",\"type\":\"email\",\"hashed\":true,\"salt\":\"Kosher\"},\"badge\":{\"name\":"
        "\"Lions\"," CTX "\"id\":\"" M
        "badge_json.php?id=7\",\"type\":\"BadgeClass\"},\"verify\":{\"type\":\"hosted\","
        "\"url\":\"" M
        "assertion.php?b=1&obversion=2\"},\"issuedOn\":\"2024-03-01T10:00:00+01:00\","
        "\"evidence\":\"" M "badge.php?hash=1\"," CTX "\"type\":\"Assertion\",\"id\":\"" M
        "assertion.php?b=1&obversion=2\"}";
    struct lab *lab = lab_open();
    web_put(&lab->web, M "assertion.php?b=1", sv_from(assertion));
    web_put(&lab->web, M "assertion.php?b=1&obversion=2", sv_from(assertion));
    web_put(&lab->web, M "badge_json.php?id=7",
            SV("{" CTX "\"id\":\"" M
               "badge_json.php?id=7\",\"type\":\"BadgeClass\",\"name\":\"Lions\","
               "\"description\":\"x\",\"image\":\"" M "i.png\",\"criteria\":{\"narrative\":\"x\"},"
               "\"issuer\":{\"id\":\"" M "issuer_json.php?id=7\",\"type\":\"Issuer\"}}"));
    web_put(&lab->web, M "issuer_json.php?id=7",
            SV("{" CTX "\"id\":\"" M
               "issuer_json.php?id=7\",\"type\":\"Issuer\",\"name\":\"School\","
               "\"url\":\"https://moodle.example\",\"email\":\"a@moodle.example\"}"));
    lab->email = SV("a@example.com");
    assert_valid(lab_verify(lab, SV(M "assertion.php?b=1")));
    assert_sv_equal(lab->report.issuer_name, SV("School"));
    assert_sv_equal(lab->report.awarded, SV("2024-03-01T10:00:00+01:00"));
    assert_sv_equal(lab->report.checks[CREDENTIAL_CHECK_DATES].text,
                    SV("It was issued on 1 March 2024, 09:00 UTC."));
    assert_int_equal(lab->report.checks[CREDENTIAL_CHECK_RECIPIENT].verdict, CREDENTIAL_PASSED);
    AUTO_JSON *bare_one = json_loads(assertion, 0, NULL);
    (void)json_object_del(bare_one, "verify");
    web_put(&lab->web, M "assertion.php?b=1&obversion=2", js_dump(&lab->arena, bare_one));
    assert_only(lab_verify(lab, sv_from(assertion)), CREDENTIAL_CHECK_STRUCTURE, CREDENTIAL_FAILED);
    lab_close(lab);
}

/* Names of strangers must not move a terminal's cursor. */
static void verify__puts_no_control_characters_into_the_report(void **state) {
    (void)state;
    struct lab *lab = lab_open();
    AUTO_JSON *doc = bare();
    (void)json_object_set_new(vector_at(doc, "issuer"), "name",
                              json_string("A\x1b[2J\xc2\x9b"
                                          "B\n"));
    (void)lab_verify(lab, js_dump(&lab->arena, doc));
    assert_sv_equal(lab->report.issuer_name, SV("A [2J  B "));
    lab_close(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify__passes_json_png_svg_and_url),
        cmocka_unit_test(verify__passes_tokens_whose_key_the_issuer_lists),
        cmocka_unit_test(verify__passes_an_issuer_whose_name_is_the_key),
        cmocka_unit_test(verify__says_which_proof_it_does_not_check),
        cmocka_unit_test(verify__passes_what_moodle_makes),
        cmocka_unit_test(verify__fails_the_signature_of_what_was_changed),
        cmocka_unit_test(verify__fails_the_issuer_when_another_signed),
        cmocka_unit_test(verify__obeys_the_issuers_did_document),
        cmocka_unit_test(verify__looks_at_the_clock),
        cmocka_unit_test(verify__reads_the_bitstring_list_of_the_issuer_only),
        cmocka_unit_test(verify__is_not_fooled_by_another_way_to_write_a_status_entry),
        cmocka_unit_test(verify__reads_a_1edtech_revocation_list),
        cmocka_unit_test(verify__says_whose_it_is_when_asked),
        cmocka_unit_test(verify__fails_the_structure_without_what_the_standard_asks_for),
        cmocka_unit_test(verify__fails_contexts_that_redefine_terms),
        cmocka_unit_test(verify__says_what_can_be_pasted),
        cmocka_unit_test(verify__recognises_what_it_does_not_verify),
        cmocka_unit_test(verify__passes_a_signed_badge_of_2_0_until_it_is_revoked),
        cmocka_unit_test(verify__believes_a_hosted_badge_of_2_0_only_at_its_address),
        cmocka_unit_test(verify__names_only_fit_urls_and_never_more_than_ten),
        cmocka_unit_test(verify__puts_no_control_characters_into_the_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
