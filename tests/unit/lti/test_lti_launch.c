#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support_launch.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

/* Two platforms with keys by the same name, and an attacker's key. */
struct world {
    struct arena a;
    struct jose_key *own, *other, *attacker;
    struct lti_keysets *keys;
    int calls;
    bool is_strange_url;
};

static struct world W;

static const struct sv OTHER_JWKS = SV("https://other.example/jwks");

static bool fetch(void *ctx, struct sv url, struct arena *a, struct sv *body, int64_t *max_age_s,
                  struct err *err) {
    struct world *w = ctx;
    w->calls++;
    *max_age_s = -1;
    if (sv_eq(url, LAUNCH_REGISTRATION.jwks_url)) {
        *body = launch_jwks(a, &w->own, 1);
        return true;
    }
    if (sv_eq(url, OTHER_JWKS)) {
        *body = launch_jwks(a, &w->other, 1);
        return true;
    }
    w->is_strange_url = true;
    return err_because(err, ERR_UPSTREAM, "url", "no such place");
}

static int set_up(void **state) {
    (void)state;
    arena_init(&W.a);
    W.own = launch_key("k1");
    W.other = launch_key("k1");
    W.attacker = launch_key("k1");
    W.keys = lti_keysets_create(&(struct lti_keysets_config){.fetch = fetch, .ctx = &W});
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    lti_keysets_destroy(W.keys);
    jose_key_unref(W.own);
    jose_key_unref(W.other);
    jose_key_unref(W.attacker);
    arena_release(&W.a);
    return 0;
}

static const char *verify(struct sv token, struct lti_launch *out) {
    static struct err err;
    struct lti_launch ignored;
    err = (struct err){0};
    struct lti_launch_check check = {.claims = launch_check(), .keys = W.keys};
    bool is_taken = lti_launch_verify(&W.a, &check, token, out == NULL ? &ignored : out, &err);
    assert_int_equal(is_taken, err.reason[0] == '\0');
    assert_int_equal(err.code, is_taken ? ERR_NONE : ERR_DENIED);
    return err.reason;
}

static struct sv good_payload(void) {
    AUTO_JSON *claims = launch_claims(NULL);
    return js_dump(&W.a, claims);
}

#define HEADER "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"k1\"}"

static struct sv good_token(void) { return launch_sign(&W.a, W.own, SV(HEADER), good_payload()); }

static void lti_launch_verify__takes_a_launch(void **state) {
    (void)state;
    struct lti_launch got;
    assert_string_equal(verify(good_token(), &got), "");
    assert_true(sv_eq(got.launch.sub, SV("0c7f5b6e-2f3a-4c1d-9b54-0a1f6a0b7c11")));
    assert_true(sv_eq(got.launch.name, SV("Ada Lovelace")));
}

/* Everything after the header is right, also the signature by the right key. */
static void lti_launch_verify__judges_the_header_first(void **state) {
    (void)state;
    static const struct {
        const char *name, *header, *reason;
    } rows[] = {
        {"A4 alg missing", "{\"kid\":\"k1\"}", "alg"},
        {"A4 alg twice", "{\"alg\":\"RS256\",\"alg\":\"none\",\"kid\":\"k1\"}", "header"},
        {"A5 kid missing (cert B1)", "{\"alg\":\"RS256\"}", "kid"},
        {"A6 kid unknown (cert B2)", "{\"alg\":\"RS256\",\"kid\":\"k2\"}", "kid"},
        {"A7 kid path", "{\"alg\":\"RS256\",\"kid\":\"../../../../dev/null\"}", "kid"},
        {"A7 kid file URL", "{\"alg\":\"RS256\",\"kid\":\"file:///etc/passwd\"}", "kid"},
        {"A7 kid proc", "{\"alg\":\"RS256\",\"kid\":\"/proc/self/environ\"}", "kid"},
        {"A8 kid SQL", "{\"alg\":\"RS256\",\"kid\":\"' OR 1=1 --\"}", "kid"},
        {"A8 kid SQL 2", "{\"alg\":\"RS256\",\"kid\":\"\\\"; DROP\"}", "kid"},
        {"A8 kid %00", "{\"alg\":\"RS256\",\"kid\":\"k1%00\"}", "kid"},
        {"A8 kid with a control", "{\"alg\":\"RS256\",\"kid\":\"k1\\u0007\"}", "kid"},
        {"A8 kid right to left",
         "{\"alg\":\"RS256\",\"kid\":\"\xe2\x80\xae"
         "1k\"}",
         "kid"},
        {"A8 kid case", "{\"alg\":\"RS256\",\"kid\":\"K1\"}", "kid"},
        {"A11 crit", "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"exp\"]}", "crit"},
        {"A11 b64", "{\"alg\":\"RS256\",\"kid\":\"k1\",\"crit\":[\"b64\"],\"b64\":false}", "crit"},
        {"A21 typ at+jwt", "{\"alg\":\"RS256\",\"kid\":\"k1\",\"typ\":\"at+jwt\"}", "typ"},
        {"A21 no typ", "{\"alg\":\"RS256\",\"kid\":\"k1\"}", ""},
    };
    struct sv payload = good_payload();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        struct sv token = launch_sign(&W.a, W.own, sv_from(rows[i].header), payload);
        assert_string_equal(verify(token, NULL), rows[i].reason);
    }
    char *kid = arena_alloc(&W.a, 10241);
    memset(kid, 'k', 10240);
    struct sv header = sv_printf(&W.a, "{\"alg\":\"RS256\",\"kid\":\"%s\"}", kid);
    print_message("  A8 kid of 10 kB\n");
    assert_string_equal(verify(launch_sign(&W.a, W.own, header, payload), NULL), "header");
}

static struct sv token_of(const char *header, struct sv payload, struct sv signature) {
    struct sv h = base64url_encode(&W.a, header, strlen(header));
    struct sv p = base64url_encode(&W.a, payload.ptr, payload.len);
    struct sv s = base64url_encode(&W.a, signature.ptr, signature.len);
    return sv_printf(&W.a, "%.*s.%.*s.%.*s", SV_ARG(h), SV_ARG(p), SV_ARG(s));
}

/* attacks.md A1 */
static void lti_launch_verify__refuses_unsigned_tokens(void **state) {
    (void)state;
    static const char *const algs[] = {"none", "None", "nOnE", "NONE"};
    for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
        print_message("  A1 %s\n", algs[i]);
        const char *header = arena_printf(&W.a, "{\"alg\":\"%s\",\"kid\":\"k1\"}", algs[i]);
        assert_string_equal(verify(token_of(header, good_payload(), SV("")), NULL), "jws");
        assert_string_equal(verify(token_of(header, good_payload(), SV("x")), NULL), "alg");
    }
}

static EVP_PKEY *public_of(const struct jose_key *key) {
    struct sv pem;
    struct err err = {0};
    assert_true(jose_key_to_pem(key, &W.a, &pem, &err));
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    assert_non_null(pkey);
    return pkey;
}

static struct sv bio_text(BIO *bio) {
    char *text = NULL;
    long len = BIO_get_mem_data(bio, &text);
    struct sv copy = sv_copy(&W.a, sv_of(text, (size_t)len));
    BIO_free(bio);
    return copy;
}

/* attacks.md A2: the public key as an HMAC secret */
static void lti_launch_verify__refuses_hmac_with_the_public_key(void **state) {
    (void)state;
    EVP_PKEY *pkey = public_of(W.own);
    BIO *pem_bio = BIO_new(BIO_s_mem());
    BIO *der_bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(pem_bio, pkey), 1);
    assert_int_equal(i2d_PUBKEY_bio(der_bio, pkey), 1);
    EVP_PKEY_free(pkey);
    struct sv pem = bio_text(pem_bio);
    AUTO_JSON *jwk = jose_key_public_jwk(W.own);
    const struct {
        const char *name;
        struct sv secret;
    } rows[] = {{"A2 PEM", pem},
                {"A2 PEM without line feed", sv_head(pem, pem.len - 1)},
                {"A2 DER", bio_text(der_bio)},
                {"A2 JWK text", js_dump(&W.a, jwk)}};
    static const char header[] = "{\"typ\":\"JWT\",\"alg\":\"HS256\",\"kid\":\"k1\"}";
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        struct sv payload = good_payload();
        struct sv unsigned_token = token_of(header, payload, SV(""));
        unsigned char mac[32];
        unsigned int n = 0;
        assert_non_null(HMAC(EVP_sha256(), rows[i].secret.ptr, (int)rows[i].secret.len,
                             (const unsigned char *)unsigned_token.ptr, unsigned_token.len - 1, mac,
                             &n));
        struct sv token = token_of(header, payload, sv_of((const char *)mac, n));
        assert_string_equal(verify(token, NULL), "alg");
    }
}

/* attacks.md A3: right key, right signature, other algorithm; and the same labelled RS256 */
static void lti_launch_verify__refuses_other_algorithms_by_the_right_key(void **state) {
    (void)state;
    static const struct {
        const char *alg;
        const char *digest;
    } rows[] = {{"RS384", "SHA384"}, {"RS512", "SHA512"}};
    EVP_PKEY *pkey = public_of(W.own);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int is_lying = 0; is_lying < 2; is_lying++) {
            print_message("  A3 %s%s\n", rows[i].alg, is_lying ? " labelled RS256" : "");
            const char *header = arena_printf(&W.a, "{\"alg\":\"%s\",\"kid\":\"k1\"}",
                                              is_lying ? "RS256" : rows[i].alg);
            struct sv payload = good_payload();
            struct sv input = token_of(header, payload, SV(""));
            unsigned char signature[256];
            size_t n = sizeof signature;
            EVP_MD_CTX *ctx = EVP_MD_CTX_new();
            assert_int_equal(
                EVP_DigestSignInit_ex(ctx, NULL, rows[i].digest, NULL, NULL, pkey, NULL), 1);
            assert_int_equal(
                EVP_DigestSign(ctx, signature, &n, (const unsigned char *)input.ptr, input.len - 1),
                1);
            EVP_MD_CTX_free(ctx);
            struct sv token = token_of(header, payload, sv_of((const char *)signature, n));
            assert_string_equal(verify(token, NULL), is_lying ? "signature" : "alg");
        }
    }
    EVP_PKEY_free(pkey);
}

/* attacks.md A9, A10 */
static void lti_launch_verify__follows_no_key_that_a_token_brings(void **state) {
    (void)state;
    AUTO_JSON *jwk = jose_key_public_jwk(W.attacker);
    struct sv text = js_dump(&W.a, jwk);
    const struct {
        const char *name, *extra;
    } rows[] = {{"A9 jku", "\"jku\":\"https://evil.example/jwks\""},
                {"A9 x5u", "\"x5u\":\"https://evil.example/cert\""},
                {"A10 jwk", arena_printf(&W.a, "\"jwk\":%.*s", SV_ARG(text))},
                {"A10 x5c", "\"x5c\":[\"MIIB\"]"}};
    int before = W.calls;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        struct sv header = sv_printf(&W.a, "{\"alg\":\"RS256\",\"kid\":\"k1\",%s}", rows[i].extra);
        assert_string_equal(verify(launch_sign(&W.a, W.attacker, header, good_payload()), NULL),
                            "signature");
        assert_string_equal(verify(launch_sign(&W.a, W.own, header, good_payload()), NULL), "");
    }
    assert_true(W.calls <= before + 1);
    assert_false(W.is_strange_url);
}

/* attacks.md A14, A15, D4 */
static void lti_launch_verify__takes_each_platforms_own_key_only(void **state) {
    (void)state;
    assert_string_equal(verify(launch_sign(&W.a, W.other, SV(HEADER), good_payload()), NULL),
                        "signature");
    struct model_registration other = LAUNCH_REGISTRATION;
    other.id = 8;
    other.jwks_url = OTHER_JWKS;
    struct lti_launch_check check = {.claims = launch_check(), .keys = W.keys};
    check.claims.registration = &other;
    struct lti_launch got;
    struct err err = {0};
    assert_true(lti_launch_verify(
        &W.a, &check, launch_sign(&W.a, W.other, SV(HEADER), good_payload()), &got, &err));
    assert_int_equal(got.launch.registration_id, 8);
    assert_false(lti_launch_verify(&W.a, &check, good_token(), &got, &err));
    assert_string_equal(err.reason, "signature");
}

static void lti_launch_verify__refuses_changed_and_broken_signatures(void **state) {
    (void)state;
    struct sv token = good_token();
    struct sv payload = good_payload();
    char *changed = sv_c(&W.a, payload);
    char *learner = strstr(changed, "membership#Learner");
    assert_non_null(learner);
    static const char manager[] = "Manager"; /* as long as Learner */
    for (size_t i = 0; i < sizeof manager - 1; i++) {
        learner[sizeof "membership#" - 1 + i] = manager[i];
    }
    struct sv head;
    struct sv rest;
    struct sv body;
    struct sv signature;
    (void)sv_cut(token, '.', &head, &rest);
    (void)sv_cut(rest, '.', &body, &signature);
    struct sv forged = base64url_encode(&W.a, changed, payload.len);
    char *zeros = arena_alloc(&W.a, 4096);
    memset(zeros, 'A', 4095);
    const struct {
        const char *name;
        struct sv token;
        const char *reason;
    } rows[] = {
        {"A17 role changed after signing",
         sv_printf(&W.a, "%.*s.%.*s.%.*s", SV_ARG(head), SV_ARG(forged), SV_ARG(signature)),
         "signature"},
        {"A16 stripped", sv_printf(&W.a, "%.*s.%.*s.", SV_ARG(head), SV_ARG(body)), "jws"},
        {"A16 without the dot", sv_printf(&W.a, "%.*s.%.*s", SV_ARG(head), SV_ARG(body)), "jws"},
        {"A16 a byte short (255)",
         sv_printf(&W.a, "%.*s.%.*s.%.*s", SV_ARG(head), SV_ARG(body), 340, signature.ptr),
         "signature"},
        {"A16 all zero", sv_printf(&W.a, "%.*s.%.*s.%.*s", SV_ARG(head), SV_ARG(body), 342, zeros),
         "signature"},
        {"A16 longer than the modulus",
         sv_printf(&W.a, "%.*s.%.*s.%s", SV_ARG(head), SV_ARG(body), zeros + 3), "signature"},
        {"A12 four parts", sv_printf(&W.a, "%.*s.AAAA", SV_ARG(token)), "jws"},
        {"A12 line feed behind", sv_printf(&W.a, "%.*s\n", SV_ARG(token)), "jws"},
        {"A12 space in front", sv_printf(&W.a, " %.*s", SV_ARG(token)), "jws"},
        {"A13 padding", sv_printf(&W.a, "%.*s==", SV_ARG(token)), "jws"},
        {"A12 empty", SV(""), "jws"},
        {"A12 a word", SV("launch"), "jws"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        assert_string_equal(verify(rows[i].token, NULL), rows[i].reason);
    }
}

/* attacks.md B1-B8, B11: the payload as bytes, rightly signed. An "@" stands for the good claims
 * without their closing brace. */
static void lti_launch_verify__wants_one_json_object_of_the_payload(void **state) {
    (void)state;
    static const struct {
        const char *name, *payload, *reason;
    } rows[] = {
        {"as it is", "@}", ""},
        {"white space around", " \n@}\n ", ""},
        {"B1 sub twice", "@,\"sub\":\"other\"}", "json"},
        {"B1 roles twice", "@,\"" LTI "roles\":[]}", "json"},
        {"B1 escaped name", "@,\"\\u0073ub\":\"other\"}", "json"},
        {"B1 twice further down", "@,\"x\":{\"a\":1,\"a\":2}}", "json"},
        {"B2 text behind", "@} x", "json"},
        {"B2 second object", "@}{}", "json"},
        {"B3 U+0000 in a claim", "@,\"x\":\"victim\\u0000x\"}", "json"},
        {"B3 U+0000 in a name", "@,\"x\\u0000\":1}", "json"},
        {"B7 1e400", "@,\"x\":1e400}", "json"},
        {"B7 NaN", "@,\"x\":NaN}", "json"},
        {"B7 Infinity", "@,\"x\":Infinity}", "json"},
        {"B7 2^63", "@,\"x\":9223372036854775808}", "json"},
        {"B7 2^64", "@,\"x\":18446744073709551616}", "json"},
        {"B8 broken UTF-8", "@,\"x\":\"\xff\"}", "json"},
        {"B8 overlong", "@,\"x\":\"\xc0\xaf\"}", "json"},
        {"B8 surrogate as bytes", "@,\"x\":\"\xed\xa0\x80\"}", "json"},
        {"B8 lone surrogate", "@,\"x\":\"\\ud800\"}", "json"},
        {"B8 BOM", "\xef\xbb\xbf@}", "json"},
        {"B11 null", "null", "json"},
        {"B11 array", "[]", "json"},
        {"B11 text", "\"x\"", "json"},
        {"B11 number", "7", "json"},
        {"B11 empty object (cert B5)", "{}", "iss"},
        {"B11 cut", "@", "json"},
        {"single quotes", "{'a':1}", "json"},
        {"comment", "@/**/}", "json"},
    };
    struct sv payload = good_payload();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        struct sv text = sv_from(rows[i].payload);
        struct sv front;
        struct sv back;
        if (sv_cut(text, '@', &front, &back)) {
            text = sv_printf(&W.a, "%.*s%.*s%.*s", SV_ARG(front),
                             SV_ARG(sv_head(payload, payload.len - 1)), SV_ARG(back));
        }
        struct sv token = launch_sign(&W.a, W.own, SV(HEADER), text);
        assert_string_equal(verify(token, NULL), rows[i].reason);
    }
    struct sv nul = sv_of("{}\0x", 4);
    print_message("  B2 NUL, then text\n");
    assert_string_equal(verify(launch_sign(&W.a, W.own, SV(HEADER), nul), NULL), "json");
    struct sv raw =
        sv_printf(&W.a, "%.*s,\"x\":\"a%cb\"}", SV_ARG(sv_head(payload, payload.len - 1)), '\0');
    print_message("  B3 raw NUL\n");
    assert_string_equal(verify(launch_sign(&W.a, W.own, SV(HEADER), raw), NULL), "json");
}

/* attacks.md B4-B6, B12 */
static void lti_launch_verify__bounds_what_it_reads(void **state) {
    (void)state;
    char *deep = arena_alloc(&W.a, 40001);
    memset(deep, '[', 40000);
    print_message("  B4 40,000 brackets\n");
    assert_string_equal(verify(launch_sign(&W.a, W.own, SV(HEADER), sv_of(deep, 40000)), NULL),
                        "json");
    struct str many;
    str_init(&many, &W.a, 1 << 20);
    AUTO_JSON *claims = launch_claims(NULL);
    for (int i = 0; i < 3000; i++) {
        (void)json_object_set_new(claims, arena_printf(&W.a, "m%d", i), json_integer(i));
    }
    print_message("  B6 3,000 more members\n");
    assert_string_equal(verify(launch_sign(&W.a, W.own, SV(HEADER), js_dump(&W.a, claims)), NULL),
                        "");
    size_t sizes[] = {LTI_ID_TOKEN_MAX + 1, 1 << 20, 10 << 20};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        AUTO_ARENA a;
        arena_init(&a);
        char *huge = arena_alloc(&a, sizes[i]);
        memset(huge, 'A', sizes[i]);
        huge[20] = '.';
        huge[40] = '.';
        print_message("  B5 %zu bytes\n", sizes[i]);
        size_t used = W.a.used_bytes;
        assert_string_equal(verify(sv_of(huge, sizes[i]), NULL), "jws");
        assert_true(W.a.used_bytes == used);
    }
}

/* attacks.md D3: the state named one registration, the token comes from another */
static void lti_launch_verify__refuses_a_token_of_another_registration(void **state) {
    (void)state;
    struct model_registration other = LAUNCH_REGISTRATION;
    other.id = 8;
    other.jwks_url = OTHER_JWKS;
    other.issuer = SV("https://other.example");
    struct lti_launch_check check = {.claims = launch_check(), .keys = W.keys};
    check.claims.registration = &other;
    struct lti_launch got;
    struct err err = {0};
    assert_false(lti_launch_verify(
        &W.a, &check, launch_sign(&W.a, W.other, SV(HEADER), good_payload()), &got, &err));
    assert_string_equal(err.reason, "iss");
}

static void lti_launch_verify__says_when_the_keys_cannot_be_had(void **state) {
    (void)state;
    struct model_registration gone = LAUNCH_REGISTRATION;
    gone.id = 9;
    gone.jwks_url = SV("https://gone.example/jwks");
    struct lti_launch_check check = {.claims = launch_check(), .keys = W.keys};
    check.claims.registration = &gone;
    struct lti_launch got;
    struct err err = {0};
    assert_false(lti_launch_verify(&W.a, &check, good_token(), &got, &err));
    assert_string_equal(err.reason, "keyset");
    assert_int_equal(err.code, ERR_UPSTREAM);
    W.is_strange_url = false;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lti_launch_verify__takes_a_launch),
        cmocka_unit_test(lti_launch_verify__judges_the_header_first),
        cmocka_unit_test(lti_launch_verify__refuses_unsigned_tokens),
        cmocka_unit_test(lti_launch_verify__refuses_hmac_with_the_public_key),
        cmocka_unit_test(lti_launch_verify__refuses_other_algorithms_by_the_right_key),
        cmocka_unit_test(lti_launch_verify__follows_no_key_that_a_token_brings),
        cmocka_unit_test(lti_launch_verify__takes_each_platforms_own_key_only),
        cmocka_unit_test(lti_launch_verify__refuses_changed_and_broken_signatures),
        cmocka_unit_test(lti_launch_verify__wants_one_json_object_of_the_payload),
        cmocka_unit_test(lti_launch_verify__bounds_what_it_reads),
        cmocka_unit_test(lti_launch_verify__refuses_a_token_of_another_registration),
        cmocka_unit_test(lti_launch_verify__says_when_the_keys_cannot_be_had),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
