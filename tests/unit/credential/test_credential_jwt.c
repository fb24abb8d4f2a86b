#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_jwt.h"
#include "support_credential.h"
#include <string.h>

static struct jose_proof_key *public_key(const char *path) {
    AUTO_JSON *keys = vector_load("keys.json");
    struct err err = {0};
    struct jose_proof_key *key = NULL;
    if (!jose_proof_key_from_jwk(vector_at(keys, path), &key, &err)) {
        fail_msg("%s", err.text);
    }
    return key;
}

static const char *const PATHS[] = {"rsa2048/publicJwk", "p256/publicJwk", "ed25519/publicJwk"};

static void jwt__verifies_every_vector_and_its_claims(void **state) {
    (void)state;
    AUTO_JSON *v = vector_load("vc-jwt.json");
    for (size_t i = 0; i < 3; i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        const json_t *row = json_array_get(json_object_get(v, "tokens"), i);
        AUTO_JOSE_PROOF_KEY *key = public_key(PATHS[i]);
        AUTO_CREDENTIAL_JWT jwt = {0};
        if (!credential_jwt_parse(vector_text(row, "token"), &a, &jwt, &err) ||
            !credential_jwt_verify(&jwt, key, &err) || !credential_jwt_claims(jwt.payload, &err)) {
            fail_msg("%s", err.text);
        }
        assert_sv_equal(jwt.kid, vector_text(row, "kid"));
        AUTO_JOSE_PROOF_KEY *other = public_key(PATHS[(i + 1) % 3]);
        assert_false(credential_jwt_verify(&jwt, other, &err));
        assert_string_equal(err.reason, "header");
    }
}

/* Header and payload byte for byte; the signature with keys of ours. */
static void jwt__signs_the_text_of_every_vector(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    AUTO_JSON *v = vector_load("vc-jwt.json");
    const json_t *credential = vector_at(v, "credential");
    struct jose_key *rsa = NULL;
    assert_true(jose_key_generate(vector_text(v, "tokens/0/kid"), &rsa, &err));
    UNUSED AUTO_JOSE_KEY *owned = rsa;
    static const enum jose_proof_alg algs[] = {JOSE_PROOF_RS256, JOSE_PROOF_ES256,
                                               JOSE_PROOF_EDDSA};
    for (size_t i = 0; i < 3; i++) {
        const json_t *row = json_array_get(json_object_get(v, "tokens"), i);
        struct sv token;
        struct jose_proof_key *key = NULL;
        if (i == 0) {
            assert_true(credential_jwt_sign(rsa, credential, &a, &token, &err));
            AUTO_JSON *jwk = jose_key_public_jwk(rsa);
            assert_true(jose_proof_key_from_jwk(jwk, &key, &err));
        } else {
            assert_true(jose_proof_key_generate(algs[i], &key, &err));
            assert_true(credential_jwt_sign_with(key, vector_text(row, "kid"), credential, &a,
                                                 &token, &err));
        }
        AUTO_CREDENTIAL_JWT jwt = {0};
        assert_true(credential_jwt_parse(token, &a, &jwt, &err));
        assert_sv_equal(jwt.jws.header, vector_text(row, "header"));
        assert_sv_equal(jwt.jws.payload, vector_text(row, "payload"));
        assert_true(credential_jwt_verify(&jwt, key, &err));
        jose_proof_key_destroy(key);
    }
}

/* Every 61st character of the token, changed to another of its alphabet. */
static void jwt__refuses_a_token_with_any_character_changed(void **state) {
    (void)state;
    AUTO_JSON *v = vector_load("vc-jwt.json");
    for (size_t i = 0; i < 3; i++) {
        AUTO_JOSE_PROOF_KEY *key = public_key(PATHS[i]);
        struct sv token = vector_text(json_array_get(json_object_get(v, "tokens"), i), "token");
        for (size_t at = 0; at < token.len; at += 61) {
            AUTO_ARENA a = {0};
            struct err err = {0};
            char *copy = arena_copy(&a, token.ptr, token.len);
            copy[at] = copy[at] == 'A' ? 'B' : 'A';
            AUTO_CREDENTIAL_JWT jwt = {0};
            if (credential_jwt_parse(sv_of(copy, token.len), &a, &jwt, &err) &&
                credential_jwt_verify(&jwt, key, &err)) {
                fail_msg("character %zu can be changed", at);
            }
        }
    }
}

static void jwt__judges_the_header(void **state) {
    (void)state;
    static const struct {
        const char *header, *reason;
    } rows[] = {
        {"{\"alg\":\"RS256\"}", ""},
        {"{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"did:web:h#k\"}", ""},
        {"{\"alg\":\"none\"}", "header"},
        {"{\"alg\":\"HS256\"}", "header"},
        {"{\"alg\":\"RS512\"}", "header"},
        {"{\"alg\":\"rs256\"}", "header"},
        {"{\"alg\":[\"RS256\"]}", "header"},
        {"{}", "header"},
        {"{\"alg\":\"RS256\",\"typ\":\"vc+jwt\"}", "header"},
        {"{\"alg\":\"RS256\",\"typ\":null}", "header"},
        {"{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", "header"},
        {"{\"alg\":\"RS256\",\"jku\":\"https://evil.example/\"}", "header"},
        {"{\"alg\":\"RS256\",\"x5c\":[]}", "header"},
        {"{\"alg\":\"RS256\",\"kid\":1}", "header"},
        {"{\"alg\":\"RS256\",\"kid\":\"\"}", "header"},
        {"{\"alg\":\"none\",\"alg\":\"RS256\"}", "jwt"},
        {"[]", "jwt"},
        {"no JSON", "jwt"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct sv head = base64url_encode(&a, rows[i].header, strlen(rows[i].header));
        struct sv token = sv_printf(&a, "%.*s.e30.AAAA", SV_ARG(head));
        AUTO_CREDENTIAL_JWT jwt = {0};
        bool is_taken = credential_jwt_parse(token, &a, &jwt, &err);
        if (is_taken != (rows[i].reason[0] == '\0') || strcmp(err.reason, rows[i].reason) != 0) {
            fail_msg("%s: %s", rows[i].header, err.reason);
        }
    }
}

static void jwt_claims__must_say_what_the_members_say(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *v = vector_load("vc-jwt.json");
    static const struct {
        const char *member, *json;
        bool is_right;
    } rows[] = {
        {"name", "\"free\"", true},
        {"iss", "\"did:web:other.example\"", false},
        {"iss", NULL, false},
        {"issuer", "\"did:web:badges.example.edu\"", true},
        {"issuer", "\"did:web:other.example\"", false},
        {"jti", "\"https://badges.example.edu/credentials/2\"", false},
        {"jti", NULL, false},
        {"id", NULL, false},
        {"sub", "\"did:key:z6MkA\"", false},
        {"sub", NULL, false},
        {"nbf", "1709283601", false},
        {"nbf", "\"1709283600\"", false},
        {"nbf", NULL, false},
        {"validFrom", "\"2024-03-01T09:00:01Z\"", false},
        {"validFrom", "\"2024-03-01T10:00:00+01:00\"", true},
        {"exp", "1893456001", false},
        {"exp", NULL, false},
        {"validUntil", NULL, false},
    };
    struct err err = {0};
    AUTO_CREDENTIAL_JWT jwt = {0};
    assert_true(credential_jwt_parse(vector_text(v, "tokens/0/token"), &a, &jwt, &err));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_JSON *payload = json_deep_copy(jwt.payload);
        if (rows[i].json == NULL) {
            (void)json_object_del(payload, rows[i].member);
        } else {
            (void)json_object_set_new(payload, rows[i].member,
                                      json_loads(rows[i].json, JSON_DECODE_ANY, NULL));
        }
        err = (struct err){0};
        if (credential_jwt_claims(payload, &err) != rows[i].is_right) {
            fail_msg("%s %s", rows[i].member, rows[i].json == NULL ? "missing" : rows[i].json);
        }
    }
}

static void jwt_sign__refuses_credentials_without_what_claims_need(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JOSE_PROOF_KEY *key = vector_ed25519();
    AUTO_JSON *v = vector_load("vc-jwt.json");
    static const char *const members[] = {"id", "issuer", "credentialSubject", "validFrom"};
    struct sv token;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct err err = {0};
        AUTO_JSON *c = json_deep_copy(vector_at(v, "credential"));
        (void)json_object_del(c, members[i]);
        assert_false(credential_jwt_sign_with(key, SV("k"), c, &a, &token, &err));
        assert_string_equal(err.reason, "claims");
    }
    struct err err = {0};
    AUTO_JSON *c = json_deep_copy(vector_at(v, "credential"));
    (void)json_object_set_new(c, "validFrom", json_string("2024-03-01T09:00:00.5Z"));
    assert_false(credential_jwt_sign_with(key, SV("k"), c, &a, &token, &err));
    assert_string_equal(err.reason, "claims");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jwt__verifies_every_vector_and_its_claims),
        cmocka_unit_test(jwt__signs_the_text_of_every_vector),
        cmocka_unit_test(jwt__refuses_a_token_with_any_character_changed),
        cmocka_unit_test(jwt__judges_the_header),
        cmocka_unit_test(jwt_claims__must_say_what_the_members_say),
        cmocka_unit_test(jwt_sign__refuses_credentials_without_what_claims_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
