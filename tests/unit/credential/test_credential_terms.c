#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_terms.h"
#include "credential_terms_table.h"
#include "support_credential.h"
#include <string.h>

static bool emit(struct arena *a, const json_t *doc, bool is_for_signing,
                 struct credential_dataset *set, struct err *err) {
    credential_dataset_init(set, a);
    return credential_emit(doc, is_for_signing, set, err);
}

static void emit__gives_the_canonical_form_of_every_shape(void **state) {
    (void)state;
    AUTO_JSON *index = vector_load("rdfc/index.json");
    size_t at = 0;
    const json_t *entry = NULL;
    json_array_foreach(index, at, entry) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct credential_dataset set;
        struct credential_canon out = {0};
        AUTO_JSON *v = vector_load(json_string_value(json_object_get(entry, "file")));
        struct credential_canon_options how = {.is_utf16_order =
                                                   json_object_get(v, "codePointOrder") != NULL};
        if (!emit(&a, vector_at(v, "document"), false, &set, &err) ||
            !credential_canonicalise(&set, &how, &a, &out, &err)) {
            fail_msg("%.*s: %s", SV_ARG(vector_text(v, "name")), err.text);
        }
        if (!sv_eq(out.text, vector_text(v, "canonicalNQuads"))) {
            fail_msg("%.*s came out otherwise", SV_ARG(vector_text(v, "name")));
        }
        unsigned char digest[32];
        sha256(out.text.ptr, out.text.len, digest);
        assert_sv_equal(hex_encode(&a, digest, 32), vector_text(v, "sha256Hex"));
    }
    assert_int_equal(at, 33);
}

static void check_term(const char *type, const char *name, const json_t *want,
                       const struct credential_term_rule *got) {
    struct sv coerce = js_sv(json_object_get(want, "coerce"));
    if (got == NULL) {
        fail_msg("%s has no %s", type, name);
        return;
    }
    static const struct {
        const char *name;
        enum credential_coerce kind;
    } words[] = {{"@id", CREDENTIAL_COERCE_ID},
                 {"@vocab", CREDENTIAL_COERCE_VOCAB},
                 {"@json", CREDENTIAL_COERCE_JSON}};
    enum credential_coerce kind =
        coerce.len == 0 ? CREDENTIAL_COERCE_NONE : CREDENTIAL_COERCE_TYPED;
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        kind = sv_eq(coerce, sv_from(words[i].name)) ? words[i].kind : kind;
    }
    assert_sv_equal(sv_from(got->iri), vector_text(want, "iri"));
    assert_int_equal(got->kind, kind);
    assert_sv_equal(sv_from(got->datatype),
                    kind == CREDENTIAL_COERCE_TYPED ? coerce : sv_of(NULL, 0));
    assert_int_equal(got->is_list, json_is_true(json_object_get(want, "list")));
    assert_int_equal(got->is_graph, json_is_true(json_object_get(want, "graph")));
    bool has_inner_values =
        json_object_get(want, "values") != NULL && kind != CREDENTIAL_COERCE_VOCAB;
    assert_int_equal(got->scope != NULL, has_inner_values);
}

static void table__is_the_vectors_table(void **state) {
    (void)state;
    const unsigned all =
        CREDENTIAL_CONTEXT_VC | CREDENTIAL_CONTEXT_OB | CREDENTIAL_CONTEXT_EXTENSIONS;
    AUTO_JSON *v = vector_load("term-table.json");
    const char *name = NULL;
    json_t *want = NULL;
    json_object_foreach(json_object_get(v, "globals"), name, want) {
        check_term("globals", name, want, credential_global_term(all, sv_from(name)));
    }
    const char *type = NULL;
    json_t *types = json_object_get(v, "types");
    json_object_foreach(types, type, want) {
        const struct credential_type_rule *rule = credential_type_find(all, sv_from(type));
        if (rule == NULL) {
            fail_msg("there is no type %s", type);
            return;
        }
        assert_sv_equal(sv_from(rule->iri), vector_text(want, "iri"));
        json_t *terms = json_object_get(want, "terms");
        assert_int_equal(rule->count, json_object_size(terms));
        assert_int_equal(rule->context == CREDENTIAL_CONTEXT_EXTENSIONS,
                         json_object_get(want, "context") != NULL);
        json_t *term = NULL;
        json_object_foreach(terms, name, term) {
            check_term(type, name, term, credential_type_term(rule, sv_from(name)));
        }
    }
    size_t count = 0;
    while (credential_type_at(count) != NULL) {
        count++;
    }
    assert_int_equal(count, json_object_size(types));
    json_t *purposes = vector_at(v, "types/DataIntegrityProof/terms/proofPurpose/values");
    json_object_foreach(purposes, name, want) {
        assert_sv_equal(sv_from(credential_purpose_iri(sv_from(name))), js_sv(want));
    }
}

/* Puts a member into every object of the document in turn; each must be refused. */
static size_t refuse_everywhere(json_t *root, json_t *at, const char *member, json_t *value) {
    size_t tried = 0;
    const char *name = NULL;
    void *next = NULL;
    json_t *inner = NULL;
    size_t i = 0;
    if (json_is_object(at)) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct credential_dataset set;
        assert_int_equal(json_object_set(at, member, value), 0);
        if (emit(&a, root, false, &set, &err)) {
            fail_msg("`%s` was taken somewhere", member);
        }
        assert_int_equal(json_object_del(at, member), 0);
        tried++;
    }
    json_object_foreach_safe(at, next, name, inner) {
        tried += refuse_everywhere(root, inner, member, value);
    }
    json_array_foreach(at, i, inner) { tried += refuse_everywhere(root, inner, member, value); }
    return tried;
}

static void emit__refuses_an_unknown_or_empty_member_wherever_it_stands(void **state) {
    (void)state;
    AUTO_JSON *v = vector_load("eddsa-rdfc-2022-full.json");
    json_t *doc = vector_at(v, "unsecuredDocument");
    AUTO_JSON *text = json_string("x");
    AUTO_JSON *none = json_null();
    AUTO_JSON *empty = json_array();
    AUTO_JSON *nested = json_pack("[[s]]", "x");
    AUTO_JSON *object = json_object();
    AUTO_JSON *language = json_pack("{s:s, s:s}", "@value", "x", "@language", "en");
    assert_true(refuse_everywhere(doc, doc, "unknownMember", text) > 20);
    (void)refuse_everywhere(doc, doc, "@id", text);
    (void)refuse_everywhere(doc, doc, "@type", text);
    (void)refuse_everywhere(doc, doc, "@reverse", object);
    (void)refuse_everywhere(doc, doc, "inLanguage", none);
    (void)refuse_everywhere(doc, doc, "inLanguage", empty);
    (void)refuse_everywhere(doc, doc, "inLanguage", nested);
    (void)refuse_everywhere(doc, doc, "inLanguage", object);
    (void)refuse_everywhere(doc, doc, "inLanguage", language);
    (void)refuse_everywhere(doc, doc, "image", text); /* no absolute IRI */
}

static void emit__refuses_contexts_and_types_it_does_not_know(void **state) {
    (void)state;
#define BODY ",\"id\":\"urn:x\",\"type\":[\"VerifiableCredential\",\"OpenBadgeCredential\"]}"
#define V2 "\"" CREDENTIAL_CONTEXT_VC_URL "\""
#define OB3 "\"" CREDENTIAL_CONTEXT_OB_URL "\""
    static const struct {
        const char *text, *reason;
    } rows[] = {
        {"{\"@context\":[" V2 "," OB3 "]" BODY, ""},
        {"{\"@context\":[" OB3 "," V2 "]" BODY, ""},
        {"{\"@context\":[" V2 "]" BODY, "term"},
        {"{\"@context\":" V2 BODY, "term"},
        {"{\"@context\":[" V2 "," OB3 ",\"https://evil.example/v1\"]" BODY, "context"},
        {"{\"@context\":[" V2 "," OB3 ",{\"name\":\"urn:other\"}]" BODY, "context"},
        {"{\"@context\":{\"@vocab\":\"urn:all#\"}" BODY, "context"},
        {"{\"@context\":null" BODY, "context"},
        {"{\"@context\":[" V2 "," OB3 "],\"id\":\"urn:x\",\"type\":\"Unknown\"}", "term"},
        {"{\"@context\":[" V2 "," OB3 "],\"id\":\"urn:x\",\"type\":[1]}", "term"},
        {"{\"@context\":[" V2 "," OB3 "],\"id\":\"urn:x\",\"type\":\"urn:other\"}", ""},
        {"{\"@context\":[" V2 "," OB3 "],\"id\":\"urn:x\",\"type\":\"1EdTechRevocationList\"}",
         "term"},
        {"{\"@context\":[" V2 "," OB3 "],\"id\":\"relative\",\"type\":\"Image\"}", "value"},
        {"{\"@context\":[" V2 "," OB3 "],\"id\":\"urn:a b\",\"type\":\"Image\"}", "value"},
        {"{\"@context\":[" V2 "," OB3 "],\"id\":\"_:b0\",\"type\":\"Image\"}", "value"},
        {"{\"@context\":[" V2 "," OB3 "],\"id\":[\"urn:x\"],\"type\":\"Image\"}", "value"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct credential_dataset set;
        AUTO_JSON *doc = json_loads(rows[i].text, 0, NULL);
        assert_non_null(doc);
        bool is_taken = emit(&a, doc, false, &set, &err);
        if (is_taken != (rows[i].reason[0] == '\0') || strcmp(err.reason, rows[i].reason) != 0) {
            fail_msg("%s: %s (%s)", rows[i].text, err.reason, err.text);
        }
    }
}

/* The predicates and literals of one object of Open Badges, as N-Quads. */
static struct sv quads_of(struct arena *a, const char *contexts, const char *members) {
    struct err err = {0};
    struct credential_dataset set;
    struct credential_canon out = {0};
    const struct credential_canon_options how = {0};
    AUTO_JSON *doc = json_loads(arena_printf(a,
                                             "{\"@context\":[" V2 ",%s],\"id\":\"urn:x\",\"type\":["
                                             "\"VerifiableCredential\",\"OpenBadgeCredential\"]%s}",
                                             contexts, members),
                                0, NULL);
    assert_non_null(doc);
    if (!emit(a, doc, false, &set, &err) || !credential_canonicalise(&set, &how, a, &out, &err)) {
        return sv_printf(a, "%s", err.reason);
    }
    return out.text;
}

/* Context 3.0.2 names four things otherwise (compare the two files that 1EdTech publishes). */
static void emit__reads_the_context_before_the_present_one(void **state) {
    (void)state;
#define OB302 "\"https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json\""
#define SUBJECT                                                                                    \
    ",\"image\":{\"id\":\"urn:i\",\"type\":\"Image\"},\"credentialSubject\":{\"id\":\"urn:s\","    \
    "\"type\":"                                                                                    \
    "[\"AchievementSubject\"],\"achievement\":{\"id\":\"urn:a\",\"type\":[\"Achievement\"]}}"
    AUTO_ARENA a = {0};
    static const char *const vocabulary = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#";
    struct sv older = quads_of(&a, OB302, SUBJECT);
    struct sv newer = quads_of(&a, OB3, SUBJECT);
    char *image = arena_printf(&a, "<urn:x> <%sImage> <urn:i> .\n", vocabulary);
    char *achievement = arena_printf(&a, "<urn:s> <%sachievement-0> <urn:a> .\n", vocabulary);
    assert_non_null(strstr(arena_copy(&a, older.ptr, older.len), image));
    assert_non_null(strstr(arena_copy(&a, older.ptr, older.len), achievement));
    assert_null(strstr(arena_copy(&a, newer.ptr, newer.len), image));
    assert_null(strstr(arena_copy(&a, newer.ptr, newer.len), achievement));
    static const char *const lacking[] = {",\"awardedDate\":\"2024-03-01T09:00:00Z\"",
                                          ",\"inLanguage\":\"en\""};
    for (size_t i = 0; i < ARRAY_LEN(lacking); i++) {
        assert_sv_equal(quads_of(&a, OB302, lacking[i]), SV("term"));
        assert_true(quads_of(&a, OB3, lacking[i]).len > 10);
    }
}

static void emit__takes_contexts_that_change_no_term(void **state) {
    (void)state;
    static const char *const others[] = {"data-integrity/v2", "multikey/v1",
                                         "suites/ed25519-2020/v1"};
    AUTO_ARENA a = {0};
    struct sv plain = quads_of(&a, OB3, SUBJECT);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        const char *both = arena_printf(&a, OB3 ",\"https://w3id.org/security/%s\"", others[i]);
        assert_sv_equal(quads_of(&a, both, SUBJECT), plain);
    }
    assert_sv_equal(quads_of(&a, OB3 ",\"https://w3id.org/security/data-integrity/v1\"", SUBJECT),
                    SV("context"));
}

static void emit__refuses_for_signing_what_others_read_otherwise(void **state) {
    (void)state;
    AUTO_JSON *v = vector_load("rdfc/01-bare.json");
    json_t *doc = vector_at(v, "document");
    static const struct {
        const char *member, *json;
        bool is_fit;
    } rows[] = {
        {"name", "\"line\\nline\"", true},
        {"name", "\"tab\\t\"", false},
        {"name", "\"cr\\r\"", false},
        {"name", "\"\\u007f\"", false},
        {"name", "\"\\u000b\"", false},
        {"endorsementJwt", "[\"a.b.c\"]", false},
        {"jti", "\"urn:x\"", false},
        {"name", "9007199254740992", true},
        {"name", "90071992547409940", false},
        {"name", "2.5", true},
        {"name", "0.000001", true},
        {"name", "1e-7", false},
        {"name", "2.5e21", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct credential_dataset set;
        json_t *value = json_loads(rows[i].json, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
        AUTO_JSON *changed = json_deep_copy(doc);
        assert_int_equal(json_object_set_new(changed, rows[i].member, value), 0);
        assert_true(emit(&a, changed, false, &set, &err));
        if (emit(&a, changed, true, &set, &err) != rows[i].is_fit) {
            fail_msg("%s %s: %s", rows[i].member, rows[i].json, err.text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emit__gives_the_canonical_form_of_every_shape),
        cmocka_unit_test(table__is_the_vectors_table),
        cmocka_unit_test(emit__refuses_an_unknown_or_empty_member_wherever_it_stands),
        cmocka_unit_test(emit__refuses_contexts_and_types_it_does_not_know),
        cmocka_unit_test(emit__reads_the_context_before_the_present_one),
        cmocka_unit_test(emit__takes_contexts_that_change_no_term),
        cmocka_unit_test(emit__refuses_for_signing_what_others_read_otherwise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
