/* The credentials of 1EdTech's public validator's tests, and W3C's vectors of Data Integrity EdDSA:
 * made by others, and not in this repository. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_json.h"
#include "credential_proof.h"
#include "credential_verify.h"
#include "support_credential.h"
#include "support_shared.h"
#include <string.h>

#define EXAMPLES "openbadges/examples"

static json_t *read_json(struct arena *a, const char *name) {
    struct err err = {0};
    json_t *v = NULL;
    struct sv text = shared_read(a, arena_printf(a, EXAMPLES "/%s", name));
    json_error_t at;
    v = json_loadb(text.ptr, text.len, JSON_DECODE_INT_AS_REAL, &at);
    if (v == NULL) {
        fail_msg("%s: %s %s", name, at.text, err.text);
    }
    return v;
}

/* The key that an example's verificationMethod carries in its fragment. It proves nothing about who
 * signed, but shows whether the signature is right. NULL: there is none. */
static struct jose_proof_key *key_in_fragment(const json_t *proof) {
    struct err ignored = {0};
    struct sv before;
    struct sv fragment;
    struct jose_proof_key *key = NULL;
    struct sv method = js_sv(json_object_get(proof, "verificationMethod"));
    if (!sv_cut(method, '#', &before, &fragment)) {
        fragment = sv_skip(method, sv_starts(method, SV("did:key:")) ? 8 : method.len);
    }
    return jose_proof_key_from_multikey(fragment, &key, &ignored) ? key : NULL;
}

enum outcome { NOT_JUDGED, RIGHT, WRONG };

static enum outcome signature_of(struct sv text) {
    struct err err = {0};
    json_t *doc = NULL;
    if (text.len == 0 || text.ptr[0] != '{' || !credential_json_parse(text, "it", &doc, &err)) {
        return NOT_JUDGED;
    }
    UNUSED AUTO_JSON *owned = doc;
    const json_t *proofs = json_object_get(doc, "proof");
    const json_t *proof = json_is_array(proofs) ? json_array_get(proofs, 0) : proofs;
    AUTO_JOSE_PROOF_KEY *key = key_in_fragment(proof);
    if (key == NULL) {
        return NOT_JUDGED;
    }
    if (credential_proof_verify(doc, proof, key, &err)) {
        return RIGHT;
    }
    return strcmp(err.reason, "signature") == 0 ? WRONG : NOT_JUDGED;
}

/* What the public validator's tests take has a right signature wherever we can judge it; what they
 * refuse for something in the document we refuse, too. Nothing is valid: no key was fetched. */
static void examples__are_judged_as_the_public_validator_does(void **state) {
    (void)state;
    if (!shared_is_there(EXAMPLES "/index.json")) {
        skip();
    }
    AUTO_ARENA a = {0};
    AUTO_JSON *index = read_json(&a, "index.json");
    usec_t now = 0;
    size_t right = 0;
    size_t refused = 0;
    size_t at = 0;
    const json_t *entry = NULL;
    assert_true(rfc3339_parse(SV("2026-01-01T00:00:00Z"), &now));
    json_array_foreach(index, at, entry) {
        const char *file = json_string_value(json_object_get(entry, "file"));
        struct credential_report r;
        struct sv text = shared_read(&a, arena_printf(&a, EXAMPLES "/%s", file));
        struct credential_verify_input in = {.bytes = text, .now = now};
        bool is_failed = false;
        credential_verify(&in, &a, &r);
        assert_false(r.is_valid);
        for (int i = 0; i < CREDENTIAL_CHECK_COUNT; i++) {
            is_failed = is_failed || r.checks[i].verdict == CREDENTIAL_FAILED;
        }
        enum outcome signature = signature_of(text);
        if (sv_eq(js_sv(json_object_get(entry, "expect")), SV("good"))) {
            right += signature == RIGHT;
            if (signature == WRONG) {
                fail_msg("%s: its signature is right", file);
            }
        } else {
            refused += is_failed || signature == WRONG;
        }
    }
    printf("examples: %zu good signatures, %zu bad ones refused by themselves\n", right, refused);
    assert_true(right >= 9);
    assert_true(refused >= 17);
}

/* W3C's documents have terms of their own (examples/v2), so only the JCS suite can be judged. */
static void examples__of_w3c_verify_with_jcs(void **state) {
    (void)state;
    if (!shared_is_there(EXAMPLES "/w3c-vc-di-eddsa/eddsa-jcs-2022/signedJCS.json")) {
        skip();
    }
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct jose_proof_key *key = NULL;
    AUTO_JSON *keys = read_json(&a, "w3c-vc-di-eddsa/keyPair.json");
    AUTO_JSON *doc = read_json(&a, "w3c-vc-di-eddsa/eddsa-jcs-2022/signedJCS.json");
    assert_true(jose_proof_key_from_multikey(vector_text(keys, "publicKeyMultibase"), &key, &err));
    UNUSED AUTO_JOSE_PROOF_KEY *owned = key;
    if (!credential_proof_verify(doc, json_object_get(doc, "proof"), key, &err)) {
        fail_msg("%s", err.text);
    }
    (void)json_object_set_new(doc, "description", json_string("x"));
    assert_false(credential_proof_verify(doc, json_object_get(doc, "proof"), key, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples__are_judged_as_the_public_validator_does),
        cmocka_unit_test(examples__of_w3c_verify_with_jcs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
