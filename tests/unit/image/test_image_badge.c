#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "image_badge.h"
#include <math.h>
#include <string.h>

static struct sv draw(struct arena *a, struct image_badge badge) {
    struct str out;
    struct err err = {0};
    str_init(&out, a, IMAGE_BADGE_MAX_BYTES);
    if (!image_badge_draw(&badge, &out, &err)) {
        fail_msg("%.*s: %s", SV_ARG(badge.key), err.text);
    }
    return str_sv(&out);
}

static bool has(struct sv text, const char *what) {
    return memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

static size_t times(struct sv text, const char *what) {
    size_t n = 0;
    for (size_t i = 0; i + strlen(what) <= text.len; i++) {
        n += memcmp(text.ptr + i, what, strlen(what)) == 0;
    }
    return n;
}

static void badge_draw__is_the_same_for_the_same_badge(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct image_badge badge = {.key = SV("safe-lab"), .name = SV("Safe Lab Worker")};
    struct sv one = draw(&a, badge);
    assert_true(sv_eq(one, draw(&a, badge)));
    badge.key = SV("another");
    assert_false(sv_eq(one, draw(&a, badge)));
}

static void badge_draw__makes_every_combination_small_and_selfcontained(void **state) {
    (void)state;
    for (size_t c = 0; image_badge_colours[c] != NULL; c++) {
        for (size_t s = 0; image_badge_shapes[s] != NULL; s++) {
            for (size_t i = 0; image_badge_icons[i] != NULL; i++) {
                AUTO_ARENA a = {0};
                struct sv svg =
                    draw(&a, (struct image_badge){.key = SV("k"),
                                                  .name = SV("Two words"),
                                                  .colour = sv_from(image_badge_colours[c]),
                                                  .shape = sv_from(image_badge_shapes[s]),
                                                  .icon = sv_from(image_badge_icons[i])});
                assert_true(
                    sv_starts(svg, SV("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=")));
                assert_true(sv_ends(svg, SV("</svg>\n")));
                assert_true(svg.len < (size_t)12 * 1024);
                assert_int_equal(times(svg, "http"), 1); /* the name space, and nothing to fetch */
                assert_false(has(svg, "<script") || has(svg, "<style") || has(svg, "href") ||
                             has(svg, "style="));
                assert_int_equal(times(svg, "<g"), times(svg, "</g>"));
            }
        }
    }
}

static void badge_draw__escapes_the_name(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct sv svg =
        draw(&a, (struct image_badge){.key = SV("k"), .name = SV("</text><script>&\"'\x01")});
    assert_false(has(svg, "<script"));
    assert_true(has(svg, "&lt;/text&gt;&lt;script&gt;&amp;&quot;&#39;"));
    assert_false(has(svg, "\x01"));
}

static void badge_draw__breaks_and_shortens_long_names(void **state) {
    (void)state;
    static const struct {
        const char *name;
        size_t lines;
        bool is_cut;
    } rows[] = {
        {"", 0, false},
        {"Choir", 1, false},
        {"Safe Lab Worker", 1, false},
        {"Volunteer of the Year 2027", 2, false},
        {"Global Citizenship and Intercultural Communication Programme of the District", 2, true},
        {"Donaudampfschifffahrtsgesellschaftskapitaensmuetze", 1, true},
        {"\xe5\xae\x9f\xe9\xa8\x93", 1, false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct sv svg =
            draw(&a, (struct image_badge){.key = SV("k"), .name = sv_from(rows[i].name)});
        if (times(svg, "<text ") != rows[i].lines ||
            has(svg, "\xe2\x80\xa6</text>") != rows[i].is_cut) {
            fail_msg("\"%s\": %zu lines", rows[i].name, times(svg, "<text "));
        }
        assert_true(sv_is_utf8(svg));
    }
}

static void badge_draw__picks_an_icon_that_fits_the_name(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct image_badge badge = {
        .key = SV("k"), .name = SV("Chemistry"), .colour = SV("blue"), .shape = SV("circle")};
    struct sv by_name = draw(&a, badge);
    badge.icon = SV("flask");
    assert_true(sv_eq(by_name, draw(&a, badge)));
    badge.icon = SV("star");
    assert_false(sv_eq(by_name, draw(&a, badge)));
}

static void badge_draw__refuses_what_it_does_not_know(void **state) {
    (void)state;
    static const struct image_badge rows[] = {{.key = {"k", 1}, .colour = {"mauve", 5}},
                                              {.key = {"k", 1}, .shape = {"star", 4}},
                                              {.key = {"k", 1}, .icon = {"skull", 5}},
                                              {.key = {"k", 1}, .name = {"\xff", 1}}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct str out;
        struct err err = {0};
        str_init(&out, &a, IMAGE_BADGE_MAX_BYTES);
        assert_false(image_badge_draw(&rows[i], &out, &err));
        assert_string_equal(err.reason, "art");
    }
}

/* WCAG 2.2, relative luminance and contrast ratio. */
static double luminance(const char *hex) {
    double part[3];
    for (size_t i = 0; i < 3; i++) {
        char two[3] = {hex[1 + 2 * i], hex[2 + 2 * i], '\0'};
        double c = (double)strtol(two, NULL, 16) / 255;
        part[i] = c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
    }
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
}

static double contrast(const char *a, const char *b) {
    double x = luminance(a);
    double y = luminance(b);
    return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

/* The colour that follows `mark` in the drawing. */
static const char *colour_after(struct sv svg, const char *mark, const char *attribute) {
    const char *at = strstr(svg.ptr, mark);
    at = at == NULL ? NULL : strstr(at, attribute);
    if (at == NULL) {
        fail_msg("no %s after %s", attribute, mark);
        return "#000000";
    }
    return at + strlen(attribute);
}

static void badge_draw__keeps_contrast_in_every_colour(void **state) {
    (void)state;
    for (size_t c = 0; image_badge_colours[c] != NULL; c++) {
        AUTO_ARENA a = {0};
        struct sv svg = draw(&a, (struct image_badge){.key = SV("k"),
                                                      .name = SV("Name"),
                                                      .icon = SV("star"),
                                                      .colour = sv_from(image_badge_colours[c])});
        const char *light = colour_after(svg, "-plate\"", "stop-color=\"");
        const char *base = colour_after((struct sv){light, strlen(light)}, "", "stop-color=\"");
        const char *icon = colour_after(svg, "opacity=\"1\">", "fill=\"");
        const char *text = "#ffffff";
        for (const char *g = svg.ptr; (g = strstr(g, "<g fill=\"")) != NULL; g++) {
            text = g + strlen("<g fill=\"");
        }
        if (contrast(icon, light) < 3 || contrast(icon, base) < 3 ||
            contrast(text, "#e9edf2") < 7) {
            fail_msg("%s: icon %.2f %.2f, text %.2f", image_badge_colours[c], contrast(icon, light),
                     contrast(icon, base), contrast(text, "#e9edf2"));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(badge_draw__is_the_same_for_the_same_badge),
        cmocka_unit_test(badge_draw__makes_every_combination_small_and_selfcontained),
        cmocka_unit_test(badge_draw__escapes_the_name),
        cmocka_unit_test(badge_draw__breaks_and_shortens_long_names),
        cmocka_unit_test(badge_draw__picks_an_icon_that_fits_the_name),
        cmocka_unit_test(badge_draw__refuses_what_it_does_not_know),
        cmocka_unit_test(badge_draw__keeps_contrast_in_every_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
