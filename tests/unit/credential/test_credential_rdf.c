#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_rdf.h"
#include "support_credential.h"

static bool canonical(struct arena *a, struct sv text, const struct credential_canon_options *how,
                      struct credential_canon *out, struct err *err) {
    struct credential_dataset set;
    credential_dataset_init(&set, a);
    return credential_nquads_parse(text, &set, err) &&
           credential_canonicalise(&set, how, a, out, err);
}

static const struct credential_canon_options PLAIN = {0};

/* The quads before and after, as jsonld.js and rdf-canonize gave them. */
static void rdfc__canonicalises_the_quads_of_every_shape(void **state) {
    (void)state;
    AUTO_JSON *index = vector_load("rdfc/index.json");
    size_t at = 0;
    const json_t *entry = NULL;
    json_array_foreach(index, at, entry) {
        AUTO_ARENA a = {0};
        AUTO_JSON *v = vector_load(json_string_value(json_object_get(entry, "file")));
        struct str text;
        str_init(&text, &a, 1 << 20);
        size_t i = 0;
        const json_t *line = NULL;
        json_array_foreach(json_object_get(v, "quadsBefore"), i, line) {
            str_add(&text, js_sv(line));
        }
        struct err err = {0};
        struct credential_canon out = {0};
        bool is_disputed = json_object_get(v, "codePointOrder") != NULL;
        struct credential_canon_options how = {.is_utf16_order = is_disputed};
        if (!canonical(&a, str_sv(&text), &how, &out, &err)) {
            fail_msg("%s", err.text);
        }
        if (!sv_eq(out.text, vector_text(v, "canonicalNQuads"))) {
            fail_msg("%.*s came out otherwise", SV_ARG(vector_text(v, "name")));
        }
        assert_int_equal(out.is_order_disputed, is_disputed);
        assert_int_equal(out.blank_count, json_number_value(vector_at(v, "blankNodes")));
        assert_int_equal(out.alike, json_number_value(vector_at(v, "blankNodesAlike")));
        assert_int_equal(out.calls, json_number_value(vector_at(v, "hashNDegreeCalls")));
        if (is_disputed) {
            assert_true(canonical(&a, str_sv(&text), &PLAIN, &out, &err));
            assert_true(sv_eq(out.text, vector_text(v, "codePointOrder")));
            assert_true(out.is_order_disputed);
        }
    }
    assert_int_equal(at, 33);
}

/* 4 chains of unnamed nodes that differ at their far ends only, in any order of lines and with any
 * labels, come out alike. */
static void rdfc__does_not_depend_on_order_or_labels(void **state) {
    (void)state;
    static const char *const lines[] = {
        "_:a0 <urn:n> _:a1 .\n", "_:a1 <urn:n> _:a2 .\n", "_:a2 <urn:n> \"x\" .\n",
        "_:b0 <urn:n> _:b1 .\n", "_:b1 <urn:n> _:b2 .\n", "_:b2 <urn:n> \"y\" .\n",
        "_:c0 <urn:n> _:c1 .\n", "_:c1 <urn:n> _:c2 .\n", "_:c2 <urn:n> \"x\" .\n",
        "_:d0 <urn:n> _:a0 .\n", "_:d0 <urn:n> _:b0 .\n", "_:d0 <urn:n> _:c0 .\n"};
    AUTO_ARENA a = {0};
    struct sv first = {0};
    for (unsigned round = 0; round < 40; round++) {
        struct str text;
        str_init(&text, &a, 4096);
        for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
            /* 5 and 7 have no common divisor with 12; labels change by a letter in front. */
            struct sv line = sv_from(lines[(i * (round % 2 == 0 ? 5 : 7) + round) % 12]);
            for (size_t j = 0; j < line.len; j++) {
                str_add_char(&text, line.ptr[j]);
                if (line.ptr[j] == ':' && j > 0 && line.ptr[j - 1] == '_') {
                    str_add_char(&text, (char)('a' + (line.ptr[j + 1] * 7 + (int)round) % 26));
                }
            }
        }
        struct err err = {0};
        struct credential_canon out = {0};
        assert_true(canonical(&a, str_sv(&text), &PLAIN, &out, &err));
        if (round == 0) {
            first = out.text;
        }
        assert_sv_equal(out.text, first);
    }
}

static void rdfc__gives_up_on_a_clique_quickly(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    for (int size = 9; size <= 40; size += 31) {
        struct str text;
        str_init(&text, &a, 1 << 20);
        for (int i = 0; i < size; i++) {
            for (int j = 0; j < size; j++) {
                if (i != j) {
                    str_addf(&text, "_:n%d <urn:p> _:n%d .\n", i, j);
                }
            }
        }
        struct err err = {0};
        struct credential_canon out = {0};
        usec_t before = clock_monotonic();
        assert_false(canonical(&a, str_sv(&text), &PLAIN, &out, &err));
        assert_string_equal(err.reason, "too_hard");
        assert_true(clock_monotonic() - before < 20 * USEC_PER_S);
    }
}

static void rdfc__obeys_the_callers_limit_of_calls(void **state) {
    (void)state;
    static const char text[] = "_:a <urn:p> _:b .\n_:b <urn:p> _:a .\n";
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct credential_canon out = {0};
    assert_true(canonical(&a, SV(text), &PLAIN, &out, &err));
    assert_int_equal(out.alike, 2);
    size_t calls = out.calls;
    assert_true(calls >= 2);
    struct credential_canon_options less = {.calls_max = calls - 1};
    struct credential_canon_options same = {.calls_max = calls};
    assert_true(canonical(&a, SV(text), &same, &out, &err));
    assert_false(canonical(&a, SV(text), &less, &out, &err));
    assert_string_equal(err.reason, "too_hard");
}

static void nquads__refuses_what_is_no_statement(void **state) {
    (void)state;
    static const char *const rows[] = {
        "<urn:s> <urn:p> <urn:o>",
        "<urn:s> <urn:p> .",
        "<urn:s> _:p <urn:o> .",
        "\"s\" <urn:p> <urn:o> .",
        "<urn:s> <urn:p> \"o\" \"g\" .",
        "<urn:s> <urn:p> \"o .",
        "<urn:s> <urn:p> \"o\\x\" .",
        "<urn:s> <urn:p> \"o\\u12\" .",
        "<urn:s> <urn:p> \"\\uD800\" .",
        "<urn:s> <urn:p> \"\\U00110000\" .",
        "<urn:s> <urn:p> \"o\"@ .",
        "<urn:s> <urn:p> \"o\"@1 .",
        "<urn:s> <urn:p> \"o\"^<urn:d> .",
        "<urn:s> <urn:p> \"o\"^^_:d .",
        "<relative> <urn:p> <urn:o> .",
        "<urn:a b> <urn:p> <urn:o> .",
        "<urn:a\\u0020b> <urn:p> <urn:o> .",
        "<urn:a{b}> <urn:p> <urn:o> .",
        "<urn:s> <urn:p> <urn:o> . <urn:s>",
        "_: <urn:p> <urn:o> .",
        "_:-a <urn:p> <urn:o> .",
        "<urn:s> <urn:p> \"\xff\" .",
        "<urn:s> <urn:p> <urn:o> <urn:g> <urn:h> .",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct credential_dataset set;
        credential_dataset_init(&set, &a);
        if (credential_nquads_parse(sv_from(rows[i]), &set, &err)) {
            fail_msg("%s was taken", rows[i]);
        }
        assert_string_equal(err.reason, "nquads");
    }
}

static void nquads__reads_comments_graphs_tags_and_escapes(void **state) {
    (void)state;
    static const char text[] = "# a comment\n"
                               "\n"
                               "  <urn:s>\t<urn:p> \"a\\tb\\u00e9\\\"\"@en-GB <urn:g> . # more\r\n"
                               "_:x.y<urn:p>_:z.\n"
                               "<urn:s> <urn:p> \"1\"^^<http://www.w3.org/2001/XMLSchema#string> .";
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct credential_canon out = {0};
    if (!canonical(&a, SV(text), &PLAIN, &out, &err)) {
        fail_msg("%s", err.text);
    }
    assert_sv_equal(out.text, SV("<urn:s> <urn:p> \"1\" .\n"
                                 "<urn:s> <urn:p> \"a\\tb\xc3\xa9\\\"\"@en-GB <urn:g> .\n"
                                 "_:c14n1 <urn:p> _:c14n0 .\n"));
}

static void utf16_order__differs_from_code_points_past_the_surrogates_only(void **state) {
    (void)state;
    assert_true(credential_utf16_cmp(SV("a"), SV("b")) < 0);
    assert_true(credential_utf16_cmp(SV("a"), SV("ab")) < 0);
    assert_int_equal(credential_utf16_cmp(SV("ab"), SV("ab")), 0);
    assert_true(credential_utf16_cmp(SV("\xF0\x9F\xA6\x81"), SV("\xEF\xBC\xA1")) < 0); /* lion, A */
    assert_true(credential_utf16_cmp(SV("\xEF\xBC\xA1"), SV("\xF0\x9F\xA6\x81")) > 0);
    assert_true(credential_utf16_cmp(SV("\xF0\x9F\xA6\x81"), SV("\xED\x9F\xBF")) > 0); /* U+D7FF */
    assert_true(credential_utf16_cmp(SV("\xF0\x9F\xA6\x81"), SV("z")) > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rdfc__canonicalises_the_quads_of_every_shape),
        cmocka_unit_test(rdfc__does_not_depend_on_order_or_labels),
        cmocka_unit_test(rdfc__gives_up_on_a_clique_quickly),
        cmocka_unit_test(rdfc__obeys_the_callers_limit_of_calls),
        cmocka_unit_test(nquads__refuses_what_is_no_statement),
        cmocka_unit_test(nquads__reads_comments_graphs_tags_and_escapes),
        cmocka_unit_test(utf16_order__differs_from_code_points_past_the_surrogates_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
