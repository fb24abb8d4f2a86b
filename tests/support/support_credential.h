/* The vectors in fixture/credential (their README says what they are and who made them). */
#pragma once
#include "base_clock.h"
#include "base_encode.h"
#include "base_json.h"
#include "jose_proof_key.h"
#include <stdio.h>

#define CREDENTIAL_FIXTURES TEST_SOURCE_DIR "/fixture/credential/"

/* Numbers are doubles, as JSON-LD reads them. */
UNUSED static json_t *vector_load(const char *name) {
    char path[512];
    (void)snprintf(path, sizeof path, CREDENTIAL_FIXTURES "%s", name);
    json_error_t at;
    json_t *v = json_load_file(path, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &at);
    if (v == NULL) {
        fail_msg("%s: %s", path, at.text);
    }
    return v;
}

/* "a/0/b": members and elements. */
UNUSED static json_t *vector_at(const json_t *v, const char *path) {
    struct sv rest = sv_from(path);
    struct sv head;
    for (bool is_more = true; is_more && v != NULL;) {
        char name[128];
        int64_t index = 0;
        is_more = sv_cut(rest, '/', &head, &rest);
        (void)snprintf(name, sizeof name, "%.*s", SV_ARG(head));
        v = json_is_array(v) && num_parse_i64(head, 0, 100000, &index)
                ? json_array_get(v, (size_t)index)
                : json_object_get(v, name);
    }
    if (v == NULL) {
        fail_msg("the vector has no %s", path);
    }
    return (json_t *)v;
}

UNUSED static struct sv vector_text(const json_t *v, const char *path) {
    return js_sv(vector_at(v, path));
}

UNUSED static struct sv vector_hex(struct arena *a, const json_t *v, const char *path) {
    struct err err = {0};
    struct sv bytes;
    if (!hex_decode(a, vector_text(v, path), &bytes, &err)) {
        fail_msg("%s: %s", path, err.text);
    }
    return bytes;
}

/* The Ed25519 key of seed 00 01 ... 1f. */
UNUSED static struct jose_proof_key *vector_ed25519(void) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct jose_proof_key *key = NULL;
    AUTO_JSON *keys = vector_load("keys.json");
    struct sv der = vector_hex(&a, keys, "ed25519/privatePkcs8DerHex");
    struct sv text = base64_encode(&a, der.ptr, der.len);
    struct sv pem = sv_printf(&a, "-----BEGIN PRIVATE KEY-----\n%.*s\n-----END PRIVATE KEY-----\n",
                              SV_ARG(text));
    if (!jose_proof_key_from_pem(pem, &key, &err)) {
        fail_msg("%s", err.text);
    }
    return key;
}

#define assert_sv_equal(got, want)                                                                 \
    do {                                                                                           \
        struct sv got_ = (got);                                                                    \
        struct sv want_ = (want);                                                                  \
        if (!sv_eq(got_, want_)) {                                                                 \
            fail_msg("got %.*s\nwant %.*s", SV_ARG(got_), SV_ARG(want_));                          \
        }                                                                                          \
    } while (0)
