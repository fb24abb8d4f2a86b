#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_encode.h"
#include "image_check.h"
#include <string.h>

/* Written by an independent encoder (Python's zlib and struct), as hex. */
static const struct {
    const char *what;
    bool is_good;
    const char *hex;
} PICTURES[] = {
    {"a plain picture", true,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"text and EXIF beside it", true,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a74455874436f6d6d656"
     "e74006869a2a2586600000011695458746f70656e62616467657300000000007b7d1239f22f00000004655849664d"
     "4d002a19b1588a0000000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"4 million pixels exactly", true,
     "89504e470d0a1a0a0000000d49484452000007d0000007d008060000009a38c4790000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"two IDAT chunks", true,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000449444154789c63f84d1"
     "76caa0000000949444154cfc0f01f00050001ff29d19e940000000049454e44ae426082"},
    {"palette", true,
     "89504e470d0a1a0a0000000d494844520000000100000001080300000028cb34bb00000003504c5445ff000019e20"
     "9370000000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"more pixels", false,
     "89504e470d0a1a0a0000000d49484452000007d1000007d0080600000075faaf470000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"65535 squared", false,
     "89504e470d0a1a0a0000000d494844520000ffff0000ffff0806000000b605d9500000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"2^31 by 2 (overflow)", false,
     "89504e470d0a1a0a0000000d4948445280000000000000020806000000d629f80e0000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"no width", false,
     "89504e470d0a1a0a0000000d4948445200000000000000010806000000f0d7afb70000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"odd bit depth", false,
     "89504e470d0a1a0a0000000d4948445200000001000000010406000000dae529880000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"odd colour type", false,
     "89504e470d0a1a0a0000000d494844520000000100000001080100000082c2fc300000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"odd interlacing", false,
     "89504e470d0a1a0a0000000d4948445200000001000000010806000002f11ba5a50000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"no signature", false,
     "0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f00050001ff8"
     "9993d1d0000000049454e44ae426082"},
    {"no IHDR first", false,
     "89504e470d0a1a0a0000000a74455874436f6d6d656e74006869a2a258660000000d4948445200000001000000010"
     "8060000001f15c4890000000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"two IHDR", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4948445200000001000"
     "0000108060000001f15c4890000000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae42"
     "6082"},
    {"no IDAT", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000049454e44ae426082"},
    {"empty IDAT only", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489000000004944415435af061e000"
     "0000049454e44ae426082"},
    {"no IEND", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d"},
    {"something behind", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000049454e44ae4260823c68746d6c3e"},
    {"wrong checksum", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc"
     "0f01f00050001ff000000010000000049454e44ae426082"},
    {"length past the end", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489fffffff049444154789c63f8cfc"
     "0f01f00050001ff"},
    {"unknown critical chunk", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489000000004556494cbb6edce6000"
     "0000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"animation", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489000000086163544c00000001000"
     "00000b42de9a00000000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"chunk name with a space", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000061205874bf996be3000"
     "0000d49444154789c63f8cfc0f01f00050001ff89993d1d0000000049454e44ae426082"},
    {"data in IEND", false,
     "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc"
     "0f01f00050001ff89993d1d0000000149454e44788fc4b6ef"},
    {"signature only", false, "89504e470d0a1a0a"},
    {"nothing", false, ""},
    {"a JPEG", false, "ffd8ffe000104a464946"},
};

static struct sv bytes_of(struct arena *a, const char *hex) {
    struct sv bytes;
    struct err err = {0};
    assert_true(hex_decode(a, sv_from(hex), &bytes, &err));
    return bytes;
}

static void png_check__takes_whole_plain_pictures_only(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PICTURES); i++) {
        AUTO_ARENA a = {0};
        struct image_size size = {0};
        struct err err = {0};
        if (image_png_check(bytes_of(&a, PICTURES[i].hex), &size, &err) != PICTURES[i].is_good) {
            fail_msg("%s: %s", PICTURES[i].what, err.text);
        }
        assert_string_equal(err.reason, PICTURES[i].is_good ? "" : "image");
    }
}

static void png_check__tells_the_size(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct image_size size = {0};
    struct err err = {0};
    assert_true(image_png_check(bytes_of(&a, PICTURES[2].hex), &size, &err));
    assert_int_equal(size.width, 2000);
    assert_int_equal(size.height, 2000);
}

static void png_check__refuses_every_cut(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct sv whole = bytes_of(&a, PICTURES[1].hex);
    for (size_t len = 0; len < whole.len; len++) {
        struct image_size size = {0};
        struct err err = {0};
        struct sv cut = sv_copy(&a, sv_head(whole, len));
        if (image_png_check(cut, &size, &err)) {
            fail_msg("%zu bytes of %zu were taken", len, whole.len);
        }
    }
}

static void png_check__bounds_the_file(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct image_size size = {0};
    struct err err = {0};
    char *large = arena_alloc(&a, IMAGE_PNG_MAX_BYTES + 1);
    assert_false(image_png_check(sv_of(large, IMAGE_PNG_MAX_BYTES + 1), &size, &err));
    assert_non_null(strstr(err.text, "2 MB"));
}

static void png_strip__leaves_text_and_exif_behind(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct sv out;
    struct err err = {0};
    assert_true(image_png_strip(&a, bytes_of(&a, PICTURES[1].hex), &out, &err));
    assert_true(sv_eq(out, bytes_of(&a, PICTURES[0].hex)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(png_check__takes_whole_plain_pictures_only),
        cmocka_unit_test(png_check__tells_the_size),
        cmocka_unit_test(png_check__refuses_every_cut),
        cmocka_unit_test(png_check__bounds_the_file),
        cmocka_unit_test(png_strip__leaves_text_and_exif_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
