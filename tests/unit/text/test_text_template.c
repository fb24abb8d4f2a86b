#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text_template.h"

#define FILES_MAX 4

struct page {
    const char *name, *source;
};

static bool compile(struct arena *a, const struct page *pages, const struct text_templates **out,
                    struct err *err) {
    struct blob *files = ARENA_ARRAY(a, struct blob, FILES_MAX);
    size_t n = 0;
    for (; n < FILES_MAX && pages[n].name != NULL; n++) {
        files[n] = (struct blob){.name = pages[n].name,
                                 .bytes = (const unsigned char *)pages[n].source,
                                 .len = strlen(pages[n].source)};
    }
    return text_templates_compile(a, files, n, out, err);
}

static bool render(struct arena *a, const char *source, const char *data, struct sv *out,
                   struct err *err) {
    const struct page pages[FILES_MAX + 1] = {{"t.html", source}};
    const struct text_templates *t = NULL;
    if (!compile(a, pages, &t, err)) {
        return false;
    }
    AUTO_JSON *json = NULL;
    assert_true(js_parse(sv_from(data), 4096, "data", &json, err));
    struct str text;
    str_init(&text, a, 65536);
    if (!text_render(t, "t", json, &text, err)) {
        return false;
    }
    *out = str_sv(&text);
    return true;
}

static void check(const char *source, const char *data, const char *want) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv out = SV("");
    if (!render(&a, source, data, &out, &err)) {
        fail_msg("%s with %s: %s", source, data, err.text);
    }
    if (!sv_eq(out, sv_from(want))) {
        fail_msg("%s with %s: got %.*s, want %s", source, data, SV_ARG(out), want);
    }
}

static void render__escapes_for_every_place(void **state) {
    (void)state;
    static const struct {
        const char *source, *data, *want;
    } rows[] = {
        {"<p>{{x}}</p>", "{\"x\":\"<b>&\\\"'\"}", "<p>&lt;b&gt;&amp;&quot;&#39;</p>"},
        {"<p title=\"{{x}}\">", "{\"x\":\"\\\" onload=\\\"a\"}",
         "<p title=\"&quot; onload=&quot;a\">"},
        {"<p title='{{x}}'>", "{\"x\":\"' a='\"}", "<p title='&#39; a=&#39;'>"},
        {"<title>{{x}}</title>", "{\"x\":\"</title><script>\"}",
         "<title>&lt;/title&gt;&lt;script&gt;</title>"},
        {"<textarea>\n{{x}}</textarea>", "{\"x\":\"</textarea>\"}",
         "<textarea>\n&lt;/textarea&gt;</textarea>"},
        {"<a href=\"{{url:x}}\">", "{\"x\":\"https://a.example/?a=1&b=2\"}",
         "<a href=\"https://a.example/?a=1&amp;b=2\">"},
        {"<a href=\"{{url:x}}\">", "{\"x\":\"/app/l/1\"}", "<a href=\"/app/l/1\">"},
        {"<a href=\"{{url:x}}\">",
         "{\"x\":\"openid-credential-offer://"
         "?credential_offer_uri=https%3A%2F%2Fa.example%2Fo%2F1\"}",
         "<a "
         "href=\"openid-credential-offer://"
         "?credential_offer_uri=https%3A%2F%2Fa.example%2Fo%2F1\">"},
        {"<a href=\"/app/l/{{x}}/b\">", "{\"x\":\"a/../b?c#d&e\"}",
         "<a href=\"/app/l/a%2F..%2Fb%3Fc%23d%26e/b\">"},
        {"<a href=\"?q={{x}}&amp;p={{n}}\">", "{\"x\":\"a b\\\"<\",\"n\":2}",
         "<a href=\"?q=a%20b%22%3C&amp;p=2\">"},
        {"<a href=\"https://a.example/s?url={{x}}\">", "{\"x\":\"https://b.example/\"}",
         "<a href=\"https://a.example/s?url=https%3A%2F%2Fb.example%2F\">"},
        {"<a href=\"#{{x}}\">", "{\"x\":\"a-1\"}", "<a href=\"#a-1\">"},
        {"<a href=\"{{url:u}}?q={{x}}\">", "{\"u\":\"/s\",\"x\":\"1 2\"}",
         "<a href=\"/s?q=1%202\">"},
        {"<script type=\"application/json\">{{json:x}}</script>",
         "{\"x\":{\"a\":\"</script><!--\\u2028\",\"b\":[1,2.5,true,null]}}",
         "<script type=\"application/json\">"
         "{\"a\":\"\\u003c/script\\u003e\\u003c!--\\u2028\",\"b\":[1,2.5,true,null]}</script>"},
        {"<p data-x=\"{{json:x}}\">", "{\"x\":{\"a\":\"b\"}}",
         "<p data-x=\"{&quot;a&quot;:&quot;b&quot;}\">"},
        {"<div>{{markdown:x}}</div>", "{\"x\":\"*hi* <script>\"}",
         "<div><p><em>hi</em> </p>\n</div>"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check(rows[i].source, rows[i].data, rows[i].want);
    }
}

static void render__walks_lists_objects_and_scopes(void **state) {
    (void)state;
    static const struct {
        const char *source, *data, *want;
    } rows[] = {
        {"{{#l}}{{.}},{{/l}}", "{\"l\":[1,\"b\",2.50]}", "1,b,2.5,"},
        {"{{#l}}{{n}}{{o}} {{/l}}", "{\"l\":[{\"n\":1},{\"n\":2,\"o\":\"y\"}],\"o\":\"x\"}",
         "1x 2y "},
        {"{{#o}}{{a}}{{/o}}", "{\"o\":{\"a\":1},\"a\":2}", "1"},
        {"{{o.a.b}}", "{\"o\":{\"a\":{\"b\":\"deep\"}}}", "deep"},
        {"{{#t}}yes{{/t}}{{^t}}no{{/t}}", "{\"t\":true}", "yes"},
        {"{{#t}}yes{{/t}}{{^t}}no{{/t}}", "{\"t\":false}", "no"},
        {"{{#t}}yes{{/t}}{{^t}}no{{/t}}", "{\"t\":null}", "no"},
        {"{{#t}}yes{{/t}}{{^t}}no{{/t}}", "{\"t\":[]}", "no"},
        {"{{#t}}yes{{/t}}{{^t}}no{{/t}}", "{\"t\":\"\"}", "no"},
        {"{{#t}}yes{{/t}}{{^t}}no{{/t}}", "{\"t\":0}", "no"},
        {"{{#t}}{{.}}{{/t}}", "{\"t\":\"text\"}", "text"},
        {"{{#t}}{{a}}{{/t}}", "{\"t\":true,\"a\":7}", "7"},
        {"a{{! nothing {{ here }}b", "{}", "ab"},
        {"{{n}}", "{\"n\":null}", ""},
        {"{{n}}", "{\"n\":-12}", "-12"},
        {"<ul>\n  {{#l}}\n  <li>{{.}}</li>\n  {{/l}}\n</ul>\n", "{\"l\":[1,2]}",
         "<ul>\n  <li>1</li>\n  <li>2</li>\n</ul>\n"},
        {"<option{{#s}} selected{{/s}}>", "{\"s\":true}", "<option selected>"},
        {"<p class=\"a{{#s}} b{{/s}}\">", "{\"s\":false}", "<p class=\"a\">"},
        {"<p {{#s}}id=\"{{s}}\"{{/s}} title=\"x\">", "{\"s\":\"i\"}", "<p id=\"i\" title=\"x\">"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        check(rows[i].source, rows[i].data, rows[i].want);
    }
}

static void render__includes_parts(void **state) {
    (void)state;
    const struct page pages[] = {{"z.html", "<h1>{{>head}}</h1>\n{{>foot}}\nend"},
                                 {"head.html", "{{title}}"},
                                 {"foot.html", "<p>{{>head}}</p>\n"},
                                 {0}};
    AUTO_ARENA a = {0};
    struct err err = {0};
    const struct text_templates *t = NULL;
    assert_true(compile(&a, pages, &t, &err));
    AUTO_JSON *data = json_pack("{s:s}", "title", "T");
    struct str out;
    str_init(&out, &a, 100);
    assert_true(text_render(t, "z.html", data, &out, &err));
    assert_string_equal(out.ptr, "<h1>T</h1>\n<p>T</p>\nend");
    assert_false(text_render(t, "none", data, &out, &err));
}

static void render__fails_on_data_that_does_not_fit(void **state) {
    (void)state;
    static const struct {
        const char *source, *data, *text;
    } rows[] = {
        {"\n{{x}}", "{}", "t.html:2: {{x}} has no such key"},
        {"{{#x}}{{/x}}", "{}", "t.html:1: {{x}} has no such key"},
        {"{{^x}}{{/x}}", "{}", "t.html:1: {{x}} has no such key"},
        {"{{x.y}}", "{\"x\":{}}", "{{x.y}} has no such key"},
        {"{{x.y}}", "{\"x\":\"s\"}", "{{x.y}} has no such key"},
        {"{{x}}", "{\"x\":true}", "neither text nor number"},
        {"{{x}}", "{\"x\":[]}", "neither text nor number"},
        {"<a href=\"{{url:x}}\">", "{\"x\":\"javascript:alert(1)\"}", "no https address"},
        {"<a href=\"{{url:x}}\">", "{\"x\":\"http://a.example/\"}", "no https address"},
        {"<a href=\"{{url:x}}\">", "{\"x\":\"//evil.example/\"}", "no https address"},
        {"<a href=\"{{url:x}}\">", "{\"x\":\"/\\\\evil.example/\"}", "no https address"},
        {"<a href=\"{{url:x}}\">", "{\"x\":\"\"}", "no https address"},
        {"<a href=\"{{url:x}}\">", "{\"x\":\"openid-credential-offer://?credential_offer_uri=\"}",
         "no https address"},
        {"<a href=\"{{url:x}}\">",
         "{\"x\":\"openid-credential-offer://?credential_offer_uri=javascript%3A1\"}",
         "no https address"},
        {"<a href=\"{{url:x}}\">",
         "{\"x\":\"openid-credential-offer://?credential_offer_uri=http%3A%2F%2Fa.example%2F\"}",
         "no https address"},
        {"<a href=\"{{url:x}}\">",
         "{\"x\":\"openid-credential-offer://?credential_offer_uri=%2Foffers%2F1\"}",
         "no https address"},
        {"<a href=\"{{url:x}}\">",
         "{\"x\":\"openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa%2F&x=1\"}",
         "no https address"},
        {"<a href=\"{{url:x}}\">",
         "{\"x\":\"openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fa%2F%\"}",
         "no https address"},
        {"<a href=\"{{url:x}}\">", "{\"x\":\"openid-credential-offer://evil\"}",
         "no https address"},
        {"<a href=\"{{url:x}}\">", "{\"x\":\"openid4vp://?request_uri=https%3A%2F%2Fa%2F\"}",
         "no https address"},
        {"<a href=\"/a/{{x}}\">", "{\"x\":\"..\"}", "climb"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct sv out;
        if (render(&a, rows[i].source, rows[i].data, &out, &err)) {
            fail_msg("%s with %s was rendered", rows[i].source, rows[i].data);
        }
        assert_int_equal(err.code, ERR_BUG);
        if (strstr(err.text, rows[i].text) == NULL) {
            fail_msg("%s: %s", rows[i].source, err.text);
        }
    }
}

static void render__stops_at_the_cap_of_its_output(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    const struct page pages[] = {{"t.html", "{{x}}"}, {0}};
    const struct text_templates *t = NULL;
    assert_true(compile(&a, pages, &t, &err));
    AUTO_JSON *data = json_pack("{s:s}", "x", "0123456789");
    struct str out;
    str_init(&out, &a, 9);
    assert_false(text_render(t, "t", data, &out, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

static void compile__refuses_what_cannot_be_made_safe(void **state) {
    (void)state;
    static const struct {
        const char *source, *text;
    } rows[] = {
        {"<p title={{x}}>", "must be quoted"},
        {"<p title=a>", "must be quoted"},
        {"<{{x}}>", "tag or attribute name"},
        {"<p {{x}}>", "tag or attribute name"},
        {"<p data-{{x}}=\"a\">", "tag or attribute name"},
        {"<p onclick=\"{{x}}\">", "inline handlers"},
        {"<p ONCLICK=\"a()\">", "inline handlers"},
        {"<p style=\"color:{{x}}\">", "not allowed"},
        {"<iframe srcdoc=\"{{x}}\">", "not allowed"},
        {"<meta http-equiv=\"refresh\" content=\"{{x}}\">", "not allowed"},
        {"<style>p{}</style>", "not allowed"},
        {"<base href=\"/\">", "not allowed"},
        {"<script>var a = '{{x}}'</script>", "inline scripts"},
        {"<script>a()</script>", "inline scripts"},
        {"<script type=\"application/json\">{{x}}</script>", "only {{json:x}}"},
        {"<script type=\"{{x}}\">{{json:y}}</script>", "literal text only"},
        {"<script src=\"/a.js\">a()</script>", "no content"},
        {"<script src=\"/a.js\">{{json:x}}</script>", "no content"},
        {"<p>{{json:x}}</p>", "data block"},
        {"<p title=\"{{markdown:x}}\">", "between tags"},
        {"<textarea>{{markdown:x}}</textarea>", "between tags"},
        {"<a href=\"{{x}}\">", "starts with {{url:x}}"},
        {"<a href=\" {{x}}\">", "starts with {{url:x}}"},
        {"<a href=\"javascript:{{x}}\">", "starts with {{url:x}}"},
        {"<a href=\"javascript:a()\">", "javascript:"},
        {"<a href=\"/{{x}}\">", "starts with {{url:x}}"},
        {"<a href=\"//{{x}}/\">", "starts with {{url:x}}"},
        {"<a href=\"https://{{x}}/\">", "starts with {{url:x}}"},
        {"<a href=\"https://a.example{{x}}/\">", "starts with {{url:x}}"},
        {"<a href=\"{{url:x}}{{y}}\">", "starts with {{url:x}}"},
        {"<a href=\"/a{{url:x}}\">", "only {{url:x}} at its start"},
        {"<form action=\"{{x}}\">", "starts with {{url:x}}"},
        {"<button formaction='{{x}}'>", "starts with {{url:x}}"},
        {"<img srcset=\"{{x}}\">", "literal text only"},
        {"<!-- {{x}} -->", "HTML comment"},
        {"<p{{#a}}>{{/a}}", "another place"},
        {"<p title={{#a}}\"b\"{{/a}}>", "a section starts"},
        {"<opt{{#a}} b{{/a}}ion>", "white space is missing"},
        {"{{#a}}<p {{/a}}>", "another place"},
        {"<p title=\"{{#a}}\"{{/a}}>", "another place"},
        {"<p {{#a}}b{{/a}}c=\"1\">", "white space is missing"},
        {"<a href=\"{{#a}}/x{{/a}}\">", "another place"},
        {"{{#a}}", "not closed"},
        {"{{/a}}", "not opened"},
        {"{{#a}}{{#b}}{{/a}}{{/b}}", "closes {{#b}}"},
        {"{{a", "not closed by }}"},
        {"{{{a}}}", "no {{{raw}}} form"},
        {"{{&a}}", "letters, digits"},
        {"{{}}", "letters, digits"},
        {"{{a..b}}", "letters, digits"},
        {"{{a b}}", "letters, digits"},
        {"{{>none}}", "no such part"},
        {"{{>t}}", "part of itself"},
        {"<p title=\"{{>t}}\">", "part stands between tags"},
        {"<p title=\"", "inside a tag"},
        {"a < b", "written &lt;"},
        {"\xff", "no UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        const struct page pages[FILES_MAX + 1] = {{"t.html", rows[i].source}};
        const struct text_templates *t = NULL;
        if (compile(&a, pages, &t, &err)) {
            fail_msg("%s was compiled", rows[i].source);
        }
        assert_int_equal(err.code, ERR_BUG);
        if (strstr(err.text, rows[i].text) == NULL || strstr(err.text, "t.html") == NULL) {
            fail_msg("%s: %s", rows[i].source, err.text);
        }
    }
}

static void compile__refuses_cycles_of_parts(void **state) {
    (void)state;
    const struct page pages[] = {
        {"a.html", "{{>b}}"}, {"b.html", "{{>c}}"}, {"c.html", "{{>a}}"}, {0}};
    AUTO_ARENA a = {0};
    struct err err = {0};
    const struct text_templates *t = NULL;
    assert_false(compile(&a, pages, &t, &err));
    assert_non_null(strstr(err.text, "part of itself"));
}

static void url_is_safe__knows_https_loopback_and_own_paths(void **state) {
    (void)state;
    static const char *const good[] = {"https://a.example",
                                       "https://a.example:8443/x?y#z",
                                       "HTTPS://a.example/",
                                       "http://127.0.0.1:8080/x",
                                       "http://localhost/",
                                       "http://[::1]:80/",
                                       "/",
                                       "/a"};
    static const char *const bad[] = {"",
                                      "//a",
                                      "a",
                                      "http://a.example/",
                                      "https://",
                                      "https:///x",
                                      "https://a@b/",
                                      "ftp://a/",
                                      "javascript:1",
                                      "data:,x",
                                      "/\\a",
                                      "https://a\\b",
                                      "https://a b",
                                      "/a\nb",
                                      "http://127.0.0.1.evil.example/",
                                      "http://localhost.evil.example/",
                                      "https://a\x7f"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!text_url_is_safe(sv_from(good[i]))) {
            fail_msg("%s is safe", good[i]);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        if (text_url_is_safe(sv_from(bad[i]))) {
            fail_msg("%s is not safe", bad[i]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(render__escapes_for_every_place),
        cmocka_unit_test(render__walks_lists_objects_and_scopes),
        cmocka_unit_test(render__includes_parts),
        cmocka_unit_test(render__fails_on_data_that_does_not_fit),
        cmocka_unit_test(render__stops_at_the_cap_of_its_output),
        cmocka_unit_test(compile__refuses_what_cannot_be_made_safe),
        cmocka_unit_test(compile__refuses_cycles_of_parts),
        cmocka_unit_test(url_is_safe__knows_https_loopback_and_own_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
