#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "base_json.h"
#include "image_badge.h"
#include "image_bake.h"
#include "image_check.h"
#include <string.h>

/* tests/fixture/credential/baking.json: made by an independent program (its README). */
static json_t *vectors(void) {
    json_t *v = json_load_file(TEST_SOURCE_DIR "/fixture/credential/baking.json", 0, NULL);
    assert_non_null(v);
    return v;
}

static struct sv member(const json_t *v, const char *key) { return js_sv(json_object_get(v, key)); }

static struct sv decoded(struct arena *a, struct sv base64) {
    struct sv out = {0};
    struct err err = {0};
    struct str url;
    str_init(&url, a, base64.len + 1);
    for (size_t i = 0; i < base64.len && base64.ptr[i] != '='; i++) {
        char c = base64.ptr[i];
        bool is_plus = c == '+';
        bool is_slash = c == '/';
        str_add(&url, is_plus ? SV("-") : is_slash ? SV("_") : sv_of(&c, 1));
    }
    assert_true(base64url_decode(a, str_sv(&url), &out, &err));
    return out;
}

static void a_png_is_baked_as_the_vector_has_it_and_again_gives_one_chunk(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    AUTO_JSON *v = vectors();
    struct err err = {0};
    struct sv once = {0};
    struct sv twice = {0};
    const json_t *png = json_object_get(v, "png");
    const struct image_bake bake = {.form = IMAGE_BAKE_3_JSON, .text = member(png, "text")};
    assert_true(image_bake_png(&a, decoded(&a, member(png, "plainBase64")), &bake, &once, &err));
    assert_true(sv_eq(once, decoded(&a, member(png, "bakedBase64"))));
    assert_true(image_bake_png(&a, once, &bake, &twice, &err));
    assert_true(sv_eq(once, twice));
}

static struct sv drawing(struct arena *a) {
    const struct image_badge badge = {.key = SV("lab"), .name = SV("A > B")};
    struct str out;
    struct err err = {0};
    str_init(&out, a, IMAGE_BADGE_MAX_BYTES);
    assert_true(image_badge_draw(&badge, &out, &err));
    return str_sv(&out);
}

static void a_drawing_carries_json_in_one_section_whatever_it_holds(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv out = {0};
    const struct image_bake bake = {.form = IMAGE_BAKE_3_JSON,
                                    .text = SV("{\"x\":\"]]> ]]]> <a> &amp;\"}")};
    assert_true(image_bake_svg(&a, drawing(&a), &bake, &out, &err));
    assert_true(sv_starts(out, SV("<svg xmlns=\"http://www.w3.org/2000/svg\"")));
    const char *text = sv_c(&a, out);
    assert_non_null(strstr(text,
                           " xmlns:openbadges=\"https://purl.imsglobal.org/ob/v3p0\">"
                           "<openbadges:credential><![CDATA[{\"x\":\"]]\\u003e ]]]\\u003e <a> "
                           "&amp;\"}]]></openbadges:credential><title>"));
}

static void tokens_and_assertions_have_their_own_forms(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv out = {0};
    const struct image_bake token = {.form = IMAGE_BAKE_3_JWT, .text = SV("eyJ.eyJ.c2ln")};
    const struct image_bake hosted = {.form = IMAGE_BAKE_2_JSON,
                                      .text = SV("{}"),
                                      .url = SV("https://badges.example.edu/ob2/awards/1")};
    assert_true(image_bake_svg(&a, drawing(&a), &token, &out, &err));
    assert_non_null(strstr(sv_c(&a, out), "<openbadges:credential verify=\"eyJ.eyJ.c2ln\">"
                                          "</openbadges:credential>"));
    assert_true(image_bake_svg(&a, drawing(&a), &hosted, &out, &err));
    assert_non_null(strstr(sv_c(&a, out),
                           "xmlns:openbadges=\"http://openbadges.org\"><openbadges:assertion "
                           "verify=\"https://badges.example.edu/ob2/awards/1\"><![CDATA[{}]]>"));
}

static void what_cannot_be_baked_is_refused(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const struct image_bake good = {.form = IMAGE_BAKE_3_JSON, .text = SV("{}")};
    const struct image_bake bad[] = {{.form = IMAGE_BAKE_3_JSON, .text = SV("")},
                                     {.form = IMAGE_BAKE_3_JSON, .text = SV("\xFF")},
                                     {.form = IMAGE_BAKE_3_JWT, .text = SV("a\nb")},
                                     {.form = IMAGE_BAKE_3_JWT, .text = SV("a\"b")}};
    struct sv out = {0};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct err err = {0};
        assert_false(image_bake_svg(&a, drawing(&a), &bad[i], &out, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
    struct err png = {0};
    struct err svg = {0};
    assert_false(image_bake_png(&a, SV("GIF89a"), &good, &out, &png));
    assert_false(image_bake_svg(&a, SV("<html><svg "), &good, &out, &svg));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_png_is_baked_as_the_vector_has_it_and_again_gives_one_chunk),
        cmocka_unit_test(a_drawing_carries_json_in_one_section_whatever_it_holds),
        cmocka_unit_test(tokens_and_assertions_have_their_own_forms),
        cmocka_unit_test(what_cannot_be_baked_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
