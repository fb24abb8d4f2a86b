#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_clock.h"
#include "text_markdown.h"
#include <string.h>

static void markdown__renders_common_forms(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"", ""},
        {"a *b* **c** `d<`", "<p>a <em>b</em> <strong>c</strong> <code>d&lt;</code></p>\n"},
        {"# T\n\n## U", "<h3>T</h3>\n<h4>U</h4>\n"},
        {"- a\n- b", "<ul><li>a</li>\n<li>b</li>\n</ul>\n"},
        {"3. a\n4. b", "<ol start=\"3\"><li>a</li>\n<li>b</li>\n</ol>\n"},
        {"> q", "<blockquote><p>q</p>\n</blockquote>\n"},
        {"```\n<x>\n```", "<pre><code>&lt;x&gt;\n</code></pre>\n"},
        {"a  \nb\n\n---", "<p>a<br>\nb</p>\n<hr>\n"},
        {"[x](https://a.example/?a&b)", "<p><a href=\"https://a.example/?a&amp;b\" "
                                        "rel=\"nofollow noopener noreferrer\">x</a></p>\n"},
        {"<https://a.example/>",
         "<p><a href=\"https://a.example/\" rel=\"nofollow noopener noreferrer\">"
         "https://a.example/</a></p>\n"},
        {"[m](mailto:a@b.example)", "<p><a href=\"mailto:a@b.example\" "
                                    "rel=\"nofollow noopener noreferrer\">m</a></p>\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct str out;
        str_init(&out, &a, 10000);
        assert_true(text_markdown(sv_from(rows[i].in), &out, &err));
        assert_string_equal(out.ptr, rows[i].out);
    }
}

static void markdown__drops_what_could_run_or_track(void **state) {
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"<script>alert(1)</script>", ""},
        {"a <b onclick=x>b</b>", "<p>a b</p>\n"},
        {"[x](javascript:alert(1))", "<p>x</p>\n"},
        {"[x](JaVaScRiPt:alert(1))", "<p>x</p>\n"},
        {"[x](data:text/html,a)", "<p>x</p>\n"},
        {"[x](vbscript:a)", "<p>x</p>\n"},
        {"[x](/relative)", "<p>x</p>\n"},
        {"[x](&#106;avascript:a)", "<p>x</p>\n"},
        {"![alt](https://a.example/pixel.png)", "<p>alt</p>\n"},
        {"[x](https://a.example/\"onmouseover=\"a)",
         "<p><a href=\"https://a.example/&quot;onmouseover=&quot;a\" "
         "rel=\"nofollow noopener noreferrer\">x</a></p>\n"},
        {"<!-- c -->", ""},
        {"&lt;script&gt;", "<p>&lt;script&gt;</p>\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct str out;
        str_init(&out, &a, 10000);
        assert_true(text_markdown(sv_from(rows[i].in), &out, &err));
        assert_string_equal(out.ptr, rows[i].out);
    }
}

static void markdown__is_bounded(void **state) {
    (void)state;
    static const char *const bombs[] = {"[", ">", "*a **b ", "![", "<a ", "`", "- "};
    for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
        AUTO_ARENA a = {0};
        struct str in;
        struct str out;
        struct err err = {0};
        str_init(&in, &a, TEXT_MARKDOWN_MAX_BYTES);
        while (in.len + strlen(bombs[i]) <= TEXT_MARKDOWN_MAX_BYTES) {
            str_add_c(&in, bombs[i]);
        }
        str_init(&out, &a, 1u << 20);
        usec_t start = clock_monotonic();
        assert_true(text_markdown(str_sv(&in), &out, &err));
        if (clock_monotonic() - start > 3 * USEC_PER_S) {
            fail_msg("20 KB of \"%s\" took too long", bombs[i]);
        }
    }
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct str out;
    str_init(&out, &a, 100);
    assert_false(
        text_markdown(sv_of(arena_alloc(&a, 30000), TEXT_MARKDOWN_MAX_BYTES + 1), &out, &err));
    assert_string_equal(err.reason, "markdown");
    err = (struct err){0};
    assert_false(text_markdown(SV("\xc3("), &out, &err));
}

static void markdown_plain__keeps_the_words(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv out;
    assert_true(text_markdown_plain(&a, SV("# A *b*\n\n- c\n- [d](https://x.example)  e\n<b>"), 100,
                                    &out, &err));
    assert_true(sv_eq(out, SV("A b c d e")));
    assert_true(text_markdown_plain(&a, SV("abc\xc3\xa9"), 4, &out, &err));
    assert_true(sv_eq(out, SV("abc")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown__renders_common_forms),
        cmocka_unit_test(markdown__drops_what_could_run_or_track),
        cmocka_unit_test(markdown__is_bounded),
        cmocka_unit_test(markdown_plain__keeps_the_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
