#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "image_bake.h"
#include "image_check.h"
#include "image_own.h"
#include "image_render.h"
#include <libgen.h>
#include <string.h>
#include <unistd.h>

/* laurel-render is built beside the folder of the tests. */
static const char *program(struct arena *a) {
    char path[4096] = {0};
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    return arena_printf(a, "%s/../laurel-render", dirname(path));
}

#define HEAD                                                                                       \
    "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" "      \
    "viewBox=\"0 0 8 8\""
#define CLEAN_HEAD HEAD " width=\"512\" height=\"512\""
/* One white pixel (by Python's zlib and struct). */
#define DOT                                                                                        \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJRU5ErkJggg=="

static void an_svg_is_left_as_it_draws(void **state) {
    (void)state;
    static const struct {
        const char *what, *given, *clean;
    } rows[] = {
        {"a shape", HEAD "><path fill=\"red\" d=\"M0 0h8v8H0z\"/></svg>",
         CLEAN_HEAD "><path fill=\"red\" d=\"M0 0h8v8H0z\"></path></svg>\n"},
        {"what editors write down",
         "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- made with --><!DOCTYPE svg PUBLIC "
         "\"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\">" HEAD
         " xmlns:i=\"http://www.inkscape.org/namespaces/inkscape\" i:version=\"1\" data-x=\"1\">"
         "<metadata><b/></metadata><i:view/><g i:label=\"a\"><rect width=\"8\"/></g></svg>",
         CLEAN_HEAD "><g><rect width=\"8\"></rect></g></svg>\n"},
        {"a prefix",
         "<s:svg xmlns:s=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"><s:g/></s:svg>",
         CLEAN_HEAD "><g></g></svg>\n"},
        {"its own size",
         "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"8px\" height=\"8\"><g/></svg>",
         CLEAN_HEAD "><g></g></svg>\n"},
        {"no stretching", HEAD " x=\"3\" preserveAspectRatio=\"none\" width=\"90mm\"><g/></svg>",
         CLEAN_HEAD "><g></g></svg>\n"},
        {"references within it",
         HEAD "><use href=\"#a\"/><rect fill=\"url(#b)\" style=\"mask:url( '#c' )\"/></svg>",
         CLEAN_HEAD
         "><use xlink:href=\"#a\"></use><rect fill=\"url(#b)\" style=\"mask:url( '#c' )\">"
         "</rect></svg>\n"},
        {"an embedded picture", HEAD "><image xlink:href=\"data:image/png;base64," DOT "\"/></svg>",
         CLEAN_HEAD "><image xlink:href=\"data:image/png;base64," DOT "\"></image></svg>\n"},
        {"a style sheet", HEAD "><style><![CDATA[.a>b{fill:rgb(1,2,3)}]]></style></svg>",
         CLEAN_HEAD "><style>.a&gt;b{fill:rgb(1,2,3)}</style></svg>\n"},
        {"markup as text", HEAD "><text class=\"&quot;>\">&lt;script&gt;</text></svg>",
         CLEAN_HEAD "><text class=\"&quot;&gt;\">&lt;script&gt;</text></svg>\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct sv once = {0};
        struct sv twice = {0};
        if (!image_svg_clean(&a, sv_from(rows[i].given), &once, &err) ||
            !sv_eq(once, sv_from(rows[i].clean))) {
            fail_msg("%s: %s%.*s", rows[i].what, err.text, SV_ARG(once));
        }
        assert_true(image_svg_clean(&a, once, &twice, &err));
        assert_true(sv_eq(once, twice));
    }
}

static void an_svg_that_does_more_than_draw_is_refused_with_the_reason(void **state) {
    (void)state;
    static const struct {
        const char *given, *why;
    } rows[] = {
        {HEAD "><script>alert(1)</script></svg>", "a script"},
        {HEAD "><g><SCRIPT/></g></svg>", "a script"},
        {HEAD "><script xmlns=\"http://www.w3.org/1999/xhtml\">alert(1)</script></svg>",
         "a script"},
        {HEAD " onload=\"alert(1)\"/>", "event handler"},
        {HEAD "><g OnClick=\"alert(1)\"/></svg>", "event handler"},
        {HEAD "><foreignObject/></svg>", "foreignObject"},
        {HEAD "><a href=\"https://evil.example\"/></svg>", "a link"},
        {HEAD "><set attributeName=\"href\" to=\"javascript:alert(1)\"/></svg>", "animation"},
        {HEAD "><use href=\"https://evil.example/a.svg#b\"/></svg>", "leads out"},
        {HEAD "><use xlink:href=\" javascript:alert(1)\"/></svg>", "leads out"},
        {HEAD "><use href=\"data:image/svg+xml;base64,PHN2Zy8+\"/></svg>", "leads out"},
        {HEAD "><image href=\"https://evil.example/a.png\"/></svg>", "embed it"},
        {HEAD "><image href=\"data:image/svg+xml;base64,PHN2Zy8+\"/></svg>", "embed it"},
        {HEAD "><image href=\"data:image/png;base64,PHN2Zy8+\"/></svg>", "not what it says"},
        {HEAD "><rect fill=\"url(https://evil.example/a.svg#b)\"/></svg>", "leads out"},
        {HEAD "><rect style=\"fill:URL('//evil.example')\"/></svg>", "leads out"},
        {HEAD "><rect style=\"fill:\\75rl(//evil.example)\"/></svg>", "leads out"},
        {HEAD "><rect style=\"mask:image-set('//evil.example' 1x)\"/></svg>", "leads out"},
        {HEAD "><style>@import '//evil.example';</style></svg>", "style sheet"},
        {HEAD "><style>a{fill:url(//evil.example)}</style></svg>", "style sheet"},
        {"<?xml-stylesheet href=\"//evil.example\"?>" HEAD "/>", "style sheet"},
        {"<!DOCTYPE svg [<!ENTITY a \"b\">]>" HEAD "><text>&a;</text></svg>", "entities"},
        {"<!DOCTYPE svg [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>" HEAD "/>", "entities"},
        {HEAD "><text>&a;</text></svg>", "well-formed"},
        {HEAD "><g></svg>", "well-formed"},
        {"<html xmlns=\"http://www.w3.org/1999/xhtml\"/>", "no SVG drawing"},
        {"<svg viewBox=\"0 0 8 8\"/>", "no SVG drawing"},
        {"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", "how large"},
        {"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 0 8\"/>", "how large"},
        {"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9mm\" height=\"9mm\"/>", "how large"},
        {"\xFF\xFE<", "UTF-8"},
        {"", "well-formed"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct sv out = {0};
        if (image_svg_clean(&a, sv_from(rows[i].given), &out, &err) ||
            strstr(err.text, rows[i].why) == NULL) {
            fail_msg("%s: %s%.*s", rows[i].given, err.text, SV_ARG(out));
        }
        assert_string_equal(err.reason, "image");
    }
}

static void an_svg_is_bounded_in_bytes_parts_and_depth(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct sv out = {0};
    static const struct {
        const char *open, *close, *why;
        size_t count;
    } rows[] = {{"<g>", "</g>", "parts", 101},
                {"<g/>", "", "parts", 20001},
                {"<path d=\"M0 0h8v8H0z\"/>", "", "512 KB", 22796}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str text;
        struct err err = {0};
        str_init(&text, &a, (size_t)1 << 20);
        str_add_c(&text, HEAD ">");
        for (size_t n = 0; n < rows[i].count; n++) {
            str_add_c(&text, rows[i].open);
        }
        for (size_t n = 0; n < rows[i].count; n++) {
            str_add_c(&text, rows[i].close);
        }
        str_add_c(&text, "</svg>");
        assert_false(text.is_overflowed);
        assert_false(image_svg_clean(&a, str_sv(&text), &out, &err));
        assert_non_null(strstr(err.text, rows[i].why));
    }
}

static bool make(struct arena *a, const char *name, struct sv bytes, struct image_own *out,
                 struct err *err) {
    return image_own_make(a, sv_from(name), bytes, program(a), out, err);
}

static struct sv dot(struct arena *a) {
    struct sv bytes = {0};
    struct err err = {0};
    assert_true(base64_decode(a, SV(DOT), &bytes, &err));
    return bytes;
}

static void a_file_that_is_not_what_its_name_says_is_refused(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const struct {
        const char *name;
        struct sv bytes;
        const char *why;
    } rows[] = {{"a.png", SV(HEAD "/>"), "name says PNG, but it holds SVG"},
                {"a.png", SV("\xFF\xD8\xFF\xE0JFIF"), "name says PNG, but it holds JPEG"},
                {"a.svg", dot(&a), "name says SVG, but it holds PNG"},
                {"a.svg", SV("RIFF----WEBP"), "it holds WebP"},
                {"a.svg", SV("hello"), "something else"},
                {"a.svg", SV(""), "something else"},
                {"a.jpg", SV("\xFF\xD8\xFF\xE0JFIF"), "is a .png or .svg file"},
                {"png", dot(&a), "is a .png or .svg file"},
                {".png", dot(&a), "is a .png or .svg file"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct image_own own = {0};
        struct err err = {0};
        if (make(&a, rows[i].name, rows[i].bytes, &own, &err) ||
            strstr(err.text, rows[i].why) == NULL) {
            fail_msg("%s, %s: %s", rows[i].name, rows[i].why, err.text);
        }
    }
}

/* 4 by 2 from nothing but what we draw ourselves: an SVG of that size. */
static struct sv picture(struct arena *a, int width, int height) {
    const struct image_render job = {
        .width = width,
        .height = height,
        .svg = SV(HEAD " preserveAspectRatio=\"none\"><path fill=\"#f00\" d=\"M0 0h4v8H0z\"/>"
                       "<path fill=\"#00f\" fill-opacity=\".3\" d=\"M4 0h4v8H4z\"/></svg>"),
        .program = program(a)};
    struct sv png = {0};
    struct err err = {0};
    assert_true(image_render(&job, a, &png, &err));
    return png;
}

static void a_png_keeps_its_proportions_and_is_no_larger_than_its_place(void **state) {
    (void)state;
    static const struct {
        int width, height;
        uint32_t kept_width, kept_height;
    } rows[] = {{1024, 512, 512, 256}, {300, 900, 171, 512}, {40, 20, 40, 20}, {4000, 2, 512, 1}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct image_own own = {0};
        struct image_own again = {0};
        struct image_size size = {0};
        struct sv svg = {0};
        struct sv drawn = {0};
        struct err err = {0};
        struct sv given = picture(&a, rows[i].width, rows[i].height);
        assert_true(make(&a, "A.PNG", given, &own, &err));
        assert_true(image_png_check(own.bytes, &size, &err));
        assert_int_equal(size.width, rows[i].kept_width);
        assert_int_equal(size.height, rows[i].kept_height);
        /* What was kept is kept as it is: an export may be imported. */
        assert_true(make(&a, "a.png", own.bytes, &again, &err));
        assert_true(sv_eq(own.bytes, again.bytes));
        assert_true(image_own_draw(&a, &own, &svg, &err));
        const struct image_render job = {
            .width = 512, .height = 512, .svg = svg, .program = program(&a)};
        assert_true(image_render(&job, &a, &drawn, &err));
        assert_true(image_png_check(drawn, &size, &err));
    }
}

/* Its parts are right and its pixels are not: only who draws it finds out. */
static void a_png_whose_pixels_are_damaged_is_refused(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct image_own own = {0};
    struct err err = {0};
    struct sv wrong = {0};
    assert_true(base64_decode(
        &a,
        SV("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAABElEQVQAAAAA6iPnBwAAAABJRU5ErkJggg=="),
        &wrong, &err));
    struct image_size size = {0};
    assert_true(image_png_check(wrong, &size, &err));
    assert_false(make(&a, "a.png", wrong, &own, &err));
    assert_non_null(strstr(err.text, "cannot be drawn"));
}

static void an_svg_that_explodes_is_refused(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct image_own own = {0};
    struct err err = {0};
    struct str text;
    str_init(&text, &a, 4096);
    str_add_c(&text, HEAD "><g id=\"u0\"><path d=\"M0 0h8v8H0z\"/></g>");
    for (int i = 1; i <= 8; i++) {
        str_addf(&text, "<g id=\"u%d\">", i);
        for (int n = 0; n < 10; n++) {
            str_addf(&text, "<use href=\"#u%d\"/>", i - 1);
        }
        str_add_c(&text, "</g>");
    }
    str_add_c(&text, "</svg>");
    assert_false(make(&a, "a.svg", str_sv(&text), &own, &err));
    assert_non_null(strstr(err.text, "cannot be drawn"));
}

static void either_kind_can_be_baked(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const struct image_bake bake = {.form = IMAGE_BAKE_3_JSON, .text = SV("{\"a\":\">\"}")};
    const struct {
        const char *name;
        struct sv bytes;
    } rows[] = {{"a.png", dot(&a)}, {"a.svg", SV(HEAD " class=\"a&gt;b\"><g/></svg>")}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct image_own own = {0};
        struct sv svg = {0};
        struct sv baked = {0};
        struct err err = {0};
        assert_true(make(&a, rows[i].name, rows[i].bytes, &own, &err));
        assert_true(image_own_draw(&a, &own, &svg, &err));
        assert_true(image_bake_svg(&a, svg, &bake, &baked, &err));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_svg_is_left_as_it_draws),
        cmocka_unit_test(an_svg_that_does_more_than_draw_is_refused_with_the_reason),
        cmocka_unit_test(an_svg_is_bounded_in_bytes_parts_and_depth),
        cmocka_unit_test(a_file_that_is_not_what_its_name_says_is_refused),
        cmocka_unit_test(a_png_keeps_its_proportions_and_is_no_larger_than_its_place),
        cmocka_unit_test(a_png_whose_pixels_are_damaged_is_refused),
        cmocka_unit_test(an_svg_that_explodes_is_refused),
        cmocka_unit_test(either_kind_can_be_baked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
