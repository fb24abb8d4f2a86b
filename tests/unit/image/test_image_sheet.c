#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "image_badge.h"
#include "image_check.h"
#include "image_qr.h"
#include "image_render.h"
#include "image_sheet.h"
#include <libgen.h>
#include <string.h>
#include <unistd.h>

#define UMLAUTS "\xC3\xBC\xC3\xB6\xC3\xA4"

static struct sv art(struct arena *a) {
    const struct image_badge badge = {.key = SV("safe-lab"), .name = SV("Safe Lab Worker")};
    struct str out;
    struct err err = {0};
    str_init(&out, a, IMAGE_BADGE_MAX_BYTES);
    assert_true(image_badge_draw(&badge, &out, &err));
    return str_sv(&out);
}

/* laurel-render is built beside the folder of the tests. */
static const char *program(struct arena *a) {
    char path[4096] = {0};
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    return arena_printf(a, "%s/../laurel-render", dirname(path));
}

static bool render(struct arena *a, struct sv svg, bool is_pdf, int width, int height,
                   struct sv *out, struct err *err) {
    const struct image_render job = {.is_pdf = is_pdf,
                                     .width = width,
                                     .height = height,
                                     .title = is_pdf ? "Safe Lab Worker" : NULL,
                                     .svg = svg,
                                     .program = program(a)};
    return image_render(&job, a, out, err);
}

static void a_badge_becomes_a_png_of_the_size_that_was_asked_for(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv png = {0};
    struct image_size size;
    assert_true(render(&a, art(&a), false, 512, 512, &png, &err));
    assert_true(image_png_check(png, &size, &err));
    assert_int_equal(size.width, 512);
    assert_int_equal(size.height, 512);
}

static void what_is_no_drawing_is_refused_and_nothing_hangs(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "", "nonsense", "<svg", "<html><body/></html>",
        "<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
        "\"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY "
        "d "
        "\"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\"><!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY "
        "f "
        "\"&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;\">]><svg "
        "xmlns=\"http://www.w3.org/2000/svg\"><text>&f;</text></svg>"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct sv out = {0};
        bool is_drawn = render(&a, sv_from(wrong[i]), false, 64, 64, &out, &err);
        if (is_drawn) {
            print_error("was drawn: %s\n", wrong[i]);
        }
        assert_false(is_drawn);
        assert_string_equal(err.reason, "render");
    }
}

/* Pictures, style sheets and other files that a drawing names are not loaded. */
static void nothing_outside_the_drawing_is_loaded(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv with = {0};
    struct sv without = {0};
    char path[] = "/tmp/laurel-sheet-XXXXXX";
    int fd = mkstemp(path);
    struct sv red = SV("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"8\" height=\"8\"><path "
                       "fill=\"red\" d=\"M0 0h8v8H0z\"/></svg>");
    assert_true(fd >= 0 && write(fd, red.ptr, red.len) == (ssize_t)red.len);
    (void)close(fd);
    struct sv naming =
        sv_printf(&a,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                  "xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 8 8\"><image "
                  "width=\"8\" height=\"8\" xlink:href=\"file://%s\"/></svg>",
                  path);
    assert_true(render(&a, naming, false, 8, 8, &with, &err));
    assert_true(render(&a, SV("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"/>"),
                       false, 8, 8, &without, &err));
    assert_true(sv_eq(with, without));
    (void)unlink(path);
}

static void a_missing_program_is_said_to_be_missing(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv out = {0};
    const struct image_render job = {
        .width = 8, .height = 8, .svg = art(&a), .program = "/nonexistent/laurel-render"};
    assert_false(image_render(&job, &a, &out, &err));
    assert_int_equal(err.code, ERR_BUG);
    assert_non_null(strstr(err.text, "laurel-render"));
}

static void a_preview_is_drawn_for_names_of_every_length(void **state) {
    (void)state;
    const struct sv names[] = {
        SV("Lab"),
        SV("Safe Lab Worker in the Chemistry and Biology Laboratories of the College"),
        SV("Donaudampfschifffahrtselektrizit" UMLAUTS "tenhauptbetriebswerkbauunterbeamtengesell"),
        SV("R&D <Lab> \"quoted\""),
        SV(""),
        SV("\xD8\xA7\xD9\x84\xD8\xB3\xD9\x84\xD8\xA7\xD9\x85\xD8\xA9")};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct str out;
        struct sv png = {0};
        struct image_size size;
        const struct image_preview preview = {
            .art = art(&a), .badge_name = names[i], .issuer_name = SV("Northside College")};
        str_init(&out, &a, IMAGE_SHEET_MAX_BYTES);
        assert_true(image_preview_draw(&preview, &out, &err));
        assert_true(
            render(&a, str_sv(&out), false, IMAGE_PREVIEW_WIDTH, IMAGE_PREVIEW_HEIGHT, &png, &err));
        assert_true(image_png_check(png, &size, &err));
        assert_true(size.width == 1200 && size.height == 630);
    }
}

static struct image_certificate certificate(struct arena *a) {
    return (struct image_certificate){
        .art = art(a),
        .badge_name = SV("Safe Lab Worker"),
        .issuer_name = SV("Northside College"),
        .learner = SV("Amina Diallo"),
        .description = SV("Works safely in a laboratory."),
        .issued = SV("3 May 2027"),
        .expires = SV("2 May 2029"),
        .url = SV("https://badges.example.edu/awards/0190b0a4-7d1c-7c60-8f3e-1f4b7a0c5d11")};
}

static void a_certificate_is_a_pdf_that_links_to_the_public_page(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct str out;
    struct sv pdf = {0};
    const struct image_certificate c = certificate(&a);
    str_init(&out, &a, IMAGE_SHEET_MAX_BYTES);
    assert_true(image_certificate_draw(&c, &out, &err));
    assert_true(render(&a, str_sv(&out), true, IMAGE_CERTIFICATE_WIDTH, IMAGE_CERTIFICATE_HEIGHT,
                       &pdf, &err));
    assert_true(sv_starts(pdf, SV("%PDF-")));
    assert_non_null(memmem(pdf.ptr, pdf.len, c.url.ptr, c.url.len));
}

/* Names come from learning platforms: XML and PDF have no place for some of their characters. */
static void a_certificate_is_drawn_whatever_characters_a_name_has(void **state) {
    (void)state;
    static const struct sv names[] = {SV("A\xEF\xBF\xBF mina"),    /* U+FFFF */
                                      SV("A\xEF\xB7\x90 mina"),    /* U+FDD0 */
                                      SV("A\xF0\x9F\xBF\xBEmina"), /* U+1FFFE */
                                      SV("A\x0b\x7f\xC2\x85mina")};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct str out;
        struct sv pdf = {0};
        const struct image_badge badge = {.key = SV("safe-lab"), .name = names[i]};
        struct image_certificate c = certificate(&a);
        str_init(&out, &a, IMAGE_BADGE_MAX_BYTES);
        assert_true(image_badge_draw(&badge, &out, &err));
        c.art = str_sv(&out);
        c.learner = names[i];
        c.badge_name = names[i];
        str_init(&out, &a, IMAGE_SHEET_MAX_BYTES);
        assert_true(image_certificate_draw(&c, &out, &err));
        if (!render(&a, str_sv(&out), true, IMAGE_CERTIFICATE_WIDTH, IMAGE_CERTIFICATE_HEIGHT, &pdf,
                    &err)) {
            fail_msg("row %zu: %s", i, err.text);
        }
    }
}

static void a_certificate_without_name_and_link_says_nothing_of_either(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct str out;
    struct image_certificate c = certificate(&a);
    c.learner = SV("");
    c.url = SV("");
    c.expires = SV("");
    str_init(&out, &a, IMAGE_SHEET_MAX_BYTES);
    assert_true(image_certificate_draw(&c, &out, &err));
    assert_null(strstr(out.ptr, "Amina"));
    assert_null(strstr(out.ptr, "xlink:href"));
    assert_null(strstr(out.ptr, "valid until"));
}

/* Its rules are for its own parts. */
static void the_style_sheet_of_a_drawing_does_not_reach_the_sheet(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const char *rules[] = {".a{fill:#00f}", ".a{fill:#00f}text{display:none}"};
    struct sv png[2] = {{0}};
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        struct err err = {0};
        struct str out;
        const struct image_preview preview = {
            .art = sv_printf(
                &a,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 512 512\" width=\"512\" "
                "height=\"512\"><style>%s</style><path class=\"a\" d=\"M0 0h512v512H0z\"/></svg>",
                rules[i]),
            .badge_name = SV("Lab"),
            .issuer_name = SV("College")};
        str_init(&out, &a, IMAGE_SHEET_MAX_BYTES);
        assert_true(image_preview_draw(&preview, &out, &err));
        assert_true(render(&a, str_sv(&out), false, 1200, 630, &png[i], &err));
    }
    assert_true(sv_eq(png[0], png[1]));
}

static void text_that_is_no_utf8_or_no_url_is_refused(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct err other = {0};
    struct str out;
    struct image_certificate c = certificate(&a);
    c.learner = SV("\xFF");
    str_init(&out, &a, IMAGE_SHEET_MAX_BYTES);
    assert_false(image_certificate_draw(&c, &out, &err));
    c = certificate(&a);
    c.url = SV("https://example.org/\n");
    str_init(&out, &a, IMAGE_SHEET_MAX_BYTES);
    assert_false(image_certificate_draw(&c, &out, &other));
    assert_string_equal(other.reason, "qr");
}

/* The three finder patterns stand in the corners (ISO/IEC 18004, 6.3.3), so the first dark square
 * is the first, and the side of version v is 17 + 4v. */
static void a_qr_code_has_its_shape(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct str out;
    int squares = 0;
    str_init(&out, &a, IMAGE_QR_MAX_BYTES);
    assert_true(image_qr_path(SV("https://badges.example.edu/"), &out, &squares, &err));
    assert_int_equal((squares - 17) % 4, 0);
    assert_true(sv_starts(str_sv(&out), SV("M0 0h1v1h-1zM1 0")));
    assert_null(strstr(out.ptr, "M7 0h")); /* the separator is white */
    assert_false(image_qr_path(SV(""), &out, &squares, &err));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_badge_becomes_a_png_of_the_size_that_was_asked_for),
        cmocka_unit_test(what_is_no_drawing_is_refused_and_nothing_hangs),
        cmocka_unit_test(nothing_outside_the_drawing_is_loaded),
        cmocka_unit_test(a_missing_program_is_said_to_be_missing),
        cmocka_unit_test(a_preview_is_drawn_for_names_of_every_length),
        cmocka_unit_test(a_certificate_is_a_pdf_that_links_to_the_public_page),
        cmocka_unit_test(a_certificate_is_drawn_whatever_characters_a_name_has),
        cmocka_unit_test(a_certificate_without_name_and_link_says_nothing_of_either),
        cmocka_unit_test(the_style_sheet_of_a_drawing_does_not_reach_the_sheet),
        cmocka_unit_test(text_that_is_no_utf8_or_no_url_is_refused),
        cmocka_unit_test(a_qr_code_has_its_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
