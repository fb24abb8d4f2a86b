#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_proof.h"
#include "jose_multibase.h"
#include "support_credential.h"
#include <string.h>

static const char *const RDFC[] = {"eddsa-rdfc-2022-bare.json", "eddsa-rdfc-2022-minimal.json",
                                   "eddsa-rdfc-2022-full.json", "eddsa-rdfc-2022-endorsement.json",
                                   "eddsa-rdfc-2022-statuslist.json"};
static const char *const JCS[] = {"eddsa-jcs-2022-bare.json", "eddsa-jcs-2022-minimal.json",
                                  "eddsa-jcs-2022-full.json"};

/* The key of the vector: not all are signed with the same. */
static struct jose_proof_key *key_of(const json_t *v) {
    struct err err = {0};
    struct jose_proof_key *key = NULL;
    if (!jose_proof_key_from_multikey(vector_text(v, "publicKeyMultibase"), &key, &err)) {
        fail_msg("%s", err.text);
    }
    return key;
}

static struct jose_proof_key *secret_of(const json_t *v) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct jose_proof_key *key = NULL;
    struct sv seed = vector_hex(&a, v, "keySeedHex");
    struct str der;
    str_init(&der, &a, 64);
    str_add(&der, SV("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"));
    str_add(&der, seed);
    struct sv text = base64_encode(&a, der.ptr, der.len);
    struct sv pem = sv_printf(&a, "-----BEGIN PRIVATE KEY-----\n%.*s\n-----END PRIVATE KEY-----\n",
                              SV_ARG(text));
    if (!jose_proof_key_from_pem(pem, &key, &err)) {
        fail_msg("%s", err.text);
    }
    return key;
}

static void proof__hashes_and_signs_every_vector_alike(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(RDFC); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        AUTO_JSON *v = vector_load(RDFC[i]);
        AUTO_JOSE_PROOF_KEY *key = secret_of(v);
        unsigned char hash[64];
        bool is_disputed = false;
        const json_t *options = vector_at(v, "proofOptions");
        const struct credential_proof_hash what = {.document = vector_at(v, "unsecuredDocument"),
                                                   .proof = options,
                                                   .is_for_signing = true};
        if (!credential_proof_rdfc(&what, hash, &is_disputed, &err)) {
            fail_msg("%s: %s", RDFC[i], err.text);
        }
        assert_sv_equal(hex_encode(&a, hash, 64), vector_text(v, "hashDataHex"));
        json_t *proof = NULL;
        const struct credential_proof_options how = {
            .created = vector_text(options, "created"),
            .verification_method = vector_text(options, "verificationMethod")};
        assert_true(
            credential_proof_create(key, vector_at(v, "unsecuredDocument"), &how, &proof, &err));
        UNUSED AUTO_JSON *owned = proof;
        assert_true(json_equal(proof, vector_at(v, "securedDocument/proof/0")));
    }
}

static void proof__verifies_every_vector(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(RDFC) + ARRAY_LEN(JCS); i++) {
        const char *name = i < ARRAY_LEN(RDFC) ? RDFC[i] : JCS[i - ARRAY_LEN(RDFC)];
        struct err err = {0};
        AUTO_JSON *v = vector_load(name);
        AUTO_JOSE_PROOF_KEY *key = key_of(v);
        if (!credential_proof_verify(vector_at(v, "securedDocument"),
                                     vector_at(v, "securedDocument/proof/0"), key, &err)) {
            fail_msg("%s: %s", name, err.text);
        }
    }
}

/* Changes every value of the tree in turn, takes out every member and element, and swaps every
 * object's member for a new one; each must be refused. */
struct tamper {
    json_t *root; /* what is verified */
    const json_t *proof;
    const struct jose_proof_key *key;
    const char *vector;
    size_t tried;
};

static void must_fail(struct tamper *t, const char *what, const char *name) {
    struct err err = {0};
    t->tried++;
    if (credential_proof_verify(t->root, t->proof, t->key, &err)) {
        fail_msg("%s: %s of `%s` was not noticed", t->vector, what, name);
    }
}

static json_t *changed(const json_t *v) {
    if (json_is_string(v)) {
        AUTO_ARENA a = {0};
        struct sv text = js_sv(v);
        char *copy = arena_copy(&a, text.ptr, text.len);
        if (text.len == 0) {
            return json_string("x");
        }
        /* Another ASCII letter or digit at the end; not into the middle of a UTF-8 character. */
        copy[text.len - 1] = copy[text.len - 1] == '7' ? '8' : '7';
        json_t *out = json_stringn(copy, text.len);
        return out != NULL ? out : json_string("7");
    }
    if (json_is_boolean(v)) {
        return json_boolean(!json_is_true(v));
    }
    return json_real(json_number_value(v) + 1);
}

static void tamper(struct tamper *t, json_t *at, const char *inside) {
    AUTO_ARENA a = {0};
    size_t i = 0;
    size_t count = 0;
    const char *name = NULL;
    json_t *value = NULL;
    /* The names first: what is put back goes to the object's end. */
    const char **names = ARENA_ARRAY(&a, const char *, json_object_size(at));
    json_object_foreach(at, name, value) {
        if (strcmp(name, "proof") != 0 || at != t->root) {
            names[count++] = arena_printf(&a, "%s", name);
        }
    }
    for (i = 0; i < count; i++) {
        json_t *kept = json_incref(json_object_get(at, names[i]));
        if (!json_is_object(kept) && !json_is_array(kept)) {
            (void)json_object_set_new(at, names[i], changed(kept));
            must_fail(t, "a change", names[i]);
            (void)json_object_set(at, names[i], kept);
        }
        (void)json_object_del(at, names[i]);
        must_fail(t, "removal", names[i]);
        (void)json_object_set(at, names[i], kept);
        tamper(t, kept, names[i]);
        json_decref(kept);
    }
    json_array_foreach(at, i, value) {
        json_t *kept = json_incref(value);
        if (!json_is_object(value)) {
            (void)json_array_set_new(at, i, changed(value));
            must_fail(t, "a changed element", inside);
            (void)json_array_set(at, i, kept);
        }
        (void)json_array_remove(at, i);
        must_fail(t, "a removed element", inside);
        (void)json_array_insert(at, i, kept);
        tamper(t, kept, inside);
        json_decref(kept);
    }
}

/* creator and issuer are one node with the same members twice, and so are the images: taking out
 * one of the two changes nothing, rightly. So the document is signed anew without. */
static void sign_without_twins(json_t *v, json_t *proof) {
    struct err err = {0};
    AUTO_JOSE_PROOF_KEY *key = secret_of(v);
    json_t *doc = vector_at(v, "securedDocument");
    json_t *made = NULL;
    const struct credential_proof_options how = {.created = vector_text(proof, "created"),
                                                 .verification_method =
                                                     vector_text(proof, "verificationMethod")};
    (void)json_object_del(vector_at(doc, "credentialSubject/achievement"), "creator");
    (void)json_object_set_new(vector_at(doc, "image"), "id", json_string("urn:image:1"));
    (void)json_object_set_new(vector_at(doc, "issuer/image"), "id", json_string("urn:image:2"));
    if (!credential_proof_create(key, doc, &how, &made, &err)) {
        fail_msg("%s", err.text);
    }
    UNUSED AUTO_JSON *owned = made;
    (void)json_object_update(proof, owned);
}

static void proof__refuses_a_document_with_anything_changed_or_taken_out(void **state) {
    (void)state;
    static const char *const names[] = {"eddsa-rdfc-2022-full.json", "eddsa-jcs-2022-full.json",
                                        "eddsa-rdfc-2022-statuslist.json"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct err err = {0};
        AUTO_JSON *v = vector_load(names[i]);
        AUTO_JOSE_PROOF_KEY *key = key_of(v);
        AUTO_JSON *proof = json_deep_copy(vector_at(v, "securedDocument/proof/0"));
        if (i == 0) {
            sign_without_twins(v, proof);
        }
        struct tamper t = {.root = vector_at(v, "securedDocument"),
                           .proof = proof,
                           .key = key,
                           .vector = names[i]};
        tamper(&t, t.root, "the document");
        assert_true(t.tried > 20);
        /* Untouched again, it verifies: what was refused was refused for the change. */
        if (!credential_proof_verify(t.root, proof, key, &err)) {
            fail_msg("%s", err.text);
        }
        /* The proof's own members. */
        const char *name = NULL;
        json_t *value = NULL;
        AUTO_JSON *right = json_deep_copy(proof);
        json_object_foreach(right, name, value) {
            if (json_is_string(value)) {
                (void)json_object_set_new(proof, name, changed(value));
                must_fail(&t, "a change in the proof", name);
            }
            (void)json_object_del(proof, name);
            must_fail(&t, "removal in the proof", name);
            (void)json_object_set(proof, name, value);
        }
        (void)json_object_set_new(proof, "expires", json_string("2099-01-01T00:00:00Z"));
        must_fail(&t, "addition in the proof", "expires");
        (void)json_object_del(proof, "expires");
        /* Another key. */
        struct jose_proof_key *other = NULL;
        assert_true(jose_proof_key_generate(JOSE_PROOF_EDDSA, &other, &err));
        t.key = other;
        must_fail(&t, "another key", "key");
        jose_proof_key_destroy(other);
    }
}

static void proof__accepts_sets_in_another_order_as_rdf_means_it(void **state) {
    (void)state;
    struct err err = {0};
    AUTO_JSON *v = vector_load("eddsa-rdfc-2022-bare.json");
    AUTO_JOSE_PROOF_KEY *key = key_of(v);
    json_t *doc = vector_at(v, "securedDocument");
    json_t *types = json_object_get(doc, "type");
    AUTO_JSON *first = json_incref(json_array_get(types, 0));
    (void)json_array_remove(types, 0);
    (void)json_array_append(types, first);
    assert_true(credential_proof_verify(doc, vector_at(doc, "proof/0"), key, &err));
}

static void proof__refuses_other_suites_purposes_and_keys_as_such(void **state) {
    (void)state;
    static const struct {
        const char *member, *value;
    } rows[] = {
        {"type", "Ed25519Signature2020"},
        {"cryptosuite", "ecdsa-rdfc-2019"},
        {"cryptosuite", "eddsa-2022"},
        {"proofPurpose", "authentication"},
        {"previousProof", "urn:x"},
        {"proofValue", "u8xQ"},
        {"proofValue", "z"},
        {"proofValue", "z11111"},
    };
    AUTO_JSON *v = vector_load("eddsa-rdfc-2022-bare.json");
    AUTO_JOSE_PROOF_KEY *key = key_of(v);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        AUTO_JSON *proof = json_deep_copy(vector_at(v, "securedDocument/proof/0"));
        (void)json_object_set_new(proof, rows[i].member, json_string(rows[i].value));
        assert_false(credential_proof_verify(vector_at(v, "securedDocument"), proof, key, &err));
        assert_string_equal(err.reason, "proof");
    }
    struct err err = {0};
    struct jose_proof_key *p256 = NULL;
    assert_true(jose_proof_key_generate(JOSE_PROOF_ES256, &p256, &err));
    assert_false(credential_proof_verify(vector_at(v, "securedDocument"),
                                         vector_at(v, "securedDocument/proof/0"), p256, &err));
    assert_string_equal(err.reason, "proof");
    jose_proof_key_destroy(p256);
}

static void proof__is_not_made_for_what_others_cannot_verify(void **state) {
    (void)state;
    static const struct {
        const char *file, *reason;
    } rows[] = {{"rdfc/22-list-too-hard.json", "too_hard"},
                {"rdfc/33-order-utf16.json", "order"},
                {"rdfc/06-escapes.json", "value"}};
    AUTO_JOSE_PROOF_KEY *key = vector_ed25519();
    const struct credential_proof_options how = {.created = SV("2024-03-01T09:00:05Z"),
                                                 .verification_method = SV("urn:key")};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {0};
        json_t *proof = NULL;
        AUTO_JSON *v = vector_load(rows[i].file);
        assert_false(credential_proof_create(key, vector_at(v, "document"), &how, &proof, &err));
        assert_string_equal(err.reason, rows[i].reason);
    }
}

/* A library that sorts by UTF-16 units signed it. */
static void proof__verifies_in_either_order_of_disputed_text(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JOSE_PROOF_KEY *key = vector_ed25519();
    AUTO_JSON *v = vector_load("rdfc/33-order-utf16.json");
    AUTO_JSON *proof =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", "DataIntegrityProof", "cryptosuite",
                  "eddsa-rdfc-2022", "created", "2024-03-01T09:00:05Z", "verificationMethod",
                  "urn:key", "proofPurpose", "assertionMethod");
    for (int i = 0; i < 2; i++) {
        struct err err = {0};
        unsigned char hash[64];
        bool is_disputed = false;
        struct sv signature;
        const struct credential_proof_hash what = {
            .document = vector_at(v, "document"), .proof = proof, .is_utf16_order = i == 1};
        assert_true(credential_proof_rdfc(&what, hash, &is_disputed, &err));
        assert_true(is_disputed);
        assert_sv_equal(hex_encode(&a, hash + 32, 32),
                        vector_text(v, i == 1 ? "sha256Hex" : "sha256CodePointOrderHex"));
        assert_true(jose_proof_key_sign(key, sv_of((const char *)hash, 64), &a, &signature, &err));
        struct sv text = jose_multibase_z(&a, signature.ptr, signature.len);
        AUTO_JSON *whole = json_deep_copy(proof);
        (void)json_object_set_new(whole, "proofValue", json_stringn(text.ptr, text.len));
        assert_true(credential_proof_verify(vector_at(v, "document"), whole, key, &err));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proof__hashes_and_signs_every_vector_alike),
        cmocka_unit_test(proof__verifies_every_vector),
        cmocka_unit_test(proof__refuses_a_document_with_anything_changed_or_taken_out),
        cmocka_unit_test(proof__accepts_sets_in_another_order_as_rdf_means_it),
        cmocka_unit_test(proof__refuses_other_suites_purposes_and_keys_as_such),
        cmocka_unit_test(proof__is_not_made_for_what_others_cannot_verify),
        cmocka_unit_test(proof__verifies_in_either_order_of_disputed_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
