#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "jose_jws.h"

static void jose_jws_header__judges(void **state) {
    (void)state;
    static const struct {
        const char *name, *header, *reason; /* reason "": passes */
    } rows[] = {
        {"plain", "{\"alg\":\"RS256\",\"kid\":\"k\"}", ""},
        {"A21 typ JWT", "{\"alg\":\"RS256\",\"kid\":\"k\",\"typ\":\"JWT\"}", ""},
        {"A21 typ jwt", "{\"alg\":\"RS256\",\"kid\":\"k\",\"typ\":\"jwt\"}", ""},
        {"A21 typ at+jwt", "{\"alg\":\"RS256\",\"kid\":\"k\",\"typ\":\"at+jwt\"}", "typ"},
        {"A21 typ logout+jwt", "{\"alg\":\"RS256\",\"kid\":\"k\",\"typ\":\"logout+jwt\"}", "typ"},
        {"A21 typ empty", "{\"alg\":\"RS256\",\"kid\":\"k\",\"typ\":\"\"}", "typ"},
        {"A21 typ null", "{\"alg\":\"RS256\",\"kid\":\"k\",\"typ\":null}", "typ"},
        {"A1 none", "{\"alg\":\"none\",\"kid\":\"k\"}", "alg"},
        {"A1 None", "{\"alg\":\"None\",\"kid\":\"k\"}", "alg"},
        {"A1 nOnE", "{\"alg\":\"nOnE\",\"kid\":\"k\"}", "alg"},
        {"A1 NONE", "{\"alg\":\"NONE\",\"kid\":\"k\"}", "alg"},
        {"A2 HS256", "{\"alg\":\"HS256\",\"kid\":\"k\"}", "alg"},
        {"A3 RS384", "{\"alg\":\"RS384\",\"kid\":\"k\"}", "alg"},
        {"A3 RS512", "{\"alg\":\"RS512\",\"kid\":\"k\"}", "alg"},
        {"A3 PS256", "{\"alg\":\"PS256\",\"kid\":\"k\"}", "alg"},
        {"A3 ES256", "{\"alg\":\"ES256\",\"kid\":\"k\"}", "alg"},
        {"A3 EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"k\"}", "alg"},
        {"A4 alg rs256", "{\"alg\":\"rs256\",\"kid\":\"k\"}", "alg"},
        {"A4 alg with a space", "{\"alg\":\"RS256 \",\"kid\":\"k\"}", "alg"},
        {"A4 alg missing", "{\"kid\":\"k\"}", "alg"},
        {"A4 alg null", "{\"alg\":null,\"kid\":\"k\"}", "alg"},
        {"A4 alg number", "{\"alg\":256,\"kid\":\"k\"}", "alg"},
        {"A4 alg array", "{\"alg\":[\"RS256\"],\"kid\":\"k\"}", "alg"},
        {"A4 RS256 then none", "{\"alg\":\"RS256\",\"alg\":\"none\",\"kid\":\"k\"}", "header"},
        {"A4 none then RS256", "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"k\"}", "header"},
        {"A4 escaped twin", "{\"alg\":\"none\",\"\\u0061lg\":\"RS256\",\"kid\":\"k\"}", "header"},
        {"A5 kid missing", "{\"alg\":\"RS256\"}", "kid"},
        {"A5 kid null", "{\"alg\":\"RS256\",\"kid\":null}", "kid"},
        {"A5 kid number", "{\"alg\":\"RS256\",\"kid\":1}", "kid"},
        {"A5 kid empty", "{\"alg\":\"RS256\",\"kid\":\"\"}", "kid"},
        {"A8 kid with a line feed", "{\"alg\":\"RS256\",\"kid\":\"a\\nb\"}", "kid"},
        {"A8 kid with U+0000", "{\"alg\":\"RS256\",\"kid\":\"a\\u0000b\"}", "header"},
        {"A8 kid SQL (found nowhere later)", "{\"alg\":\"RS256\",\"kid\":\"' OR 1=1 --\"}", ""},
        {"A9 jku, x5u",
         "{\"alg\":\"RS256\",\"kid\":\"k\",\"jku\":\"https://evil.example\",\"x5u\":1}", ""},
        {"A10 jwk, x5c", "{\"alg\":\"RS256\",\"kid\":\"k\",\"jwk\":{},\"x5c\":[]}", ""},
        {"A11 crit exp", "{\"alg\":\"RS256\",\"kid\":\"k\",\"crit\":[\"exp\"]}", "crit"},
        {"A11 crit empty", "{\"alg\":\"RS256\",\"kid\":\"k\",\"crit\":[]}", "crit"},
        {"A11 crit null", "{\"alg\":\"RS256\",\"kid\":\"k\",\"crit\":null}", "crit"},
        {"A11 crit b64", "{\"alg\":\"RS256\",\"kid\":\"k\",\"crit\":[\"b64\"],\"b64\":false}",
         "crit"},
        {"A11 b64", "{\"alg\":\"RS256\",\"kid\":\"k\",\"b64\":true}", "crit"},
        {"A11 enc", "{\"alg\":\"RS256\",\"kid\":\"k\",\"enc\":\"A256GCM\"}", "crit"},
        {"A11 zip", "{\"alg\":\"RS256\",\"kid\":\"k\",\"zip\":\"DEF\"}", "crit"},
        {"no object", "[\"RS256\"]", "header"},
        {"no JSON", "RS256", "header"},
        {"trailing", "{\"alg\":\"RS256\",\"kid\":\"k\"} {}", "header"},
        {"BOM", "\xef\xbb\xbf{\"alg\":\"RS256\",\"kid\":\"k\"}", "header"}};
    AUTO_ARENA a;
    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        struct sv h = base64url_encode(&a, rows[i].header, strlen(rows[i].header));
        struct jose_jws jws;
        struct err err = {0};
        assert_true(
            jose_jws_split(&a, sv_printf(&a, "%.*s.e30.AAAA", SV_ARG(h)), 65536, &jws, &err));
        bool is_passed = jose_jws_header(&a, &jws, &err);
        assert_string_equal(err.reason, rows[i].reason);
        assert_int_equal(is_passed, rows[i].reason[0] == '\0');
        assert_int_equal(err.code, is_passed ? ERR_NONE : ERR_DENIED);
    }
}

static void jose_jws_header__takes_a_kid_of_255_bytes_and_no_more(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    for (size_t len = 255; len <= 256; len++) {
        char *kid = arena_alloc(&a, len + 1);
        memset(kid, 'k', len);
        const char *text = arena_printf(&a, "{\"alg\":\"RS256\",\"kid\":\"%s\"}", kid);
        struct sv h = base64url_encode(&a, text, strlen(text));
        struct jose_jws jws;
        struct err err = {0};
        assert_true(
            jose_jws_split(&a, sv_printf(&a, "%.*s.e30.AAAA", SV_ARG(h)), 65536, &jws, &err));
        assert_int_equal(jose_jws_header(&a, &jws, &err), len == 255);
        if (len == 255) {
            assert_true(sv_eq(jws.kid, sv_from(kid)));
        }
    }
}

/* attacks.md A12, A13 */
static void jose_jws_split__wants_three_parts_of_strict_base64url(void **state) {
    (void)state;
    static const struct {
        const char *name, *text;
        bool is_fit;
    } rows[] = {{"plain", "e30.e30.AAAA", true},
                {"A12 JWE, five parts", "e30.e30.e30.e30.AAAA", false},
                {"A12 four parts", "e30.e30.AAAA.AAAA", false},
                {"A12 two parts", "e30.e30", false},
                {"A12 one part", "e30", false},
                {"A12 nothing", "", false},
                {"A12 JSON serialisation", "{\"payload\":\"e30\",\"signature\":\"AA\"}", false},
                {"A12 leading dot", ".e30.e30.AAAA", false},
                {"A12 trailing dot", "e30.e30.AAAA.", false},
                {"A12 no header", ".e30.AAAA", false},
                {"A12 no payload", "e30..AAAA", false},
                {"A12 no signature", "e30.e30.", false},
                {"A12 space in front", " e30.e30.AAAA", false},
                {"A12 line feed at the end", "e30.e30.AAAA\n", false},
                {"A12 line feed inside", "e30.e3\n0.AAAA", false},
                {"A13 plus", "e30.e30.AA+A", false},
                {"A13 slash", "e30.e30.AA/A", false},
                {"A13 minus and underscore", "e30.e30.-_-_", true},
                {"A13 padding", "e30=.e30.AAAA", false},
                {"A13 padded signature", "e30.e30.AA==", false},
                {"A13 stray bits in the header", "e31.e30.AAAA", false},
                {"A13 stray bits in the payload", "e30.e31.AAAA", false},
                {"A13 stray bits in the signature", "e30.e30.AB", false},
                {"A13 impossible length", "e30.e30.AAAAA", false}};
    AUTO_ARENA a;
    arena_init(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].name);
        struct jose_jws jws;
        struct err err = {0};
        assert_int_equal(jose_jws_split(&a, sv_from(rows[i].text), 64, &jws, &err), rows[i].is_fit);
        assert_string_equal(err.reason, rows[i].is_fit ? "" : "jws");
        if (rows[i].is_fit) {
            assert_true(sv_eq(jws.header, SV("{}")));
            assert_true(sv_eq(jws.payload, SV("{}")));
            assert_int_equal(jws.signature.len, 3);
            assert_true(sv_eq(jws.signing_input, SV("e30.e30")));
        }
    }
    struct jose_jws jws;
    struct err err = {0};
    assert_true(jose_jws_split(&a, SV("e30.e30.AAAA"), 12, &jws, &err));
    assert_false(jose_jws_split(&a, SV("e30.e30.AAAA"), 11, &jws, &err));
}

static void jose_jwt_sign__makes_what_the_gate_and_the_key_take(void **state) {
    (void)state;
    AUTO_ARENA a;
    arena_init(&a);
    struct err err = {0};
    struct jose_key *made = NULL;
    assert_true(jose_key_generate(SV("kid \"quoted\""), &made, &err));
    AUTO_JOSE_KEY *key = made;
    AUTO_JSON *claims = json_pack("{s:s, s:i}", "iss", "10000000000042", "iat", 1760000000);
    struct sv jwt;
    struct jose_jws jws;
    assert_true(jose_jwt_sign(key, claims, &a, &jwt, &err));
    assert_true(jose_jws_split(&a, jwt, 4096, &jws, &err));
    assert_true(jose_jws_header(&a, &jws, &err));
    assert_true(sv_eq(jws.kid, SV("kid \"quoted\"")));
    assert_true(sv_eq(jws.header,
                      SV("{\"alg\":\"RS256\",\"kid\":\"kid \\\"quoted\\\"\",\"typ\":\"JWT\"}")));
    assert_true(sv_eq(jws.payload, SV("{\"iss\":\"10000000000042\",\"iat\":1760000000}")));
    assert_true(jose_key_verify_rs256(key, jws.signing_input, jws.signature));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jose_jws_header__judges),
        cmocka_unit_test(jose_jws_header__takes_a_kid_of_255_bytes_and_no_more),
        cmocka_unit_test(jose_jws_split__wants_three_parts_of_strict_base64url),
        cmocka_unit_test(jose_jwt_sign__makes_what_the_gate_and_the_key_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
