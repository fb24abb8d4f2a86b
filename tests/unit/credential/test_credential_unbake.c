#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "credential_unbake.h"
#include "support_credential.h"
#include <string.h>
#include <zlib.h>

static struct sv baked_png(struct arena *a) {
    AUTO_JSON *v = vector_load("baking.json");
    struct err err = {0};
    struct sv png;
    assert_true(base64_decode(a, vector_text(v, "png/bakedBase64"), &png, &err));
    return png;
}

static void unbake__reads_the_vectors_png_and_svg(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct credential_unbaked out;
    AUTO_JSON *v = vector_load("baking.json");
    assert_true(credential_unbake(baked_png(&a), &a, &out, &err));
    assert_int_equal(out.carrier, CREDENTIAL_CARRIER_PNG);
    assert_sv_equal(out.text, vector_text(v, "png/text"));
    assert_true(credential_unbake(vector_text(v, "svg/bakedExample"), &a, &out, &err));
    assert_int_equal(out.carrier, CREDENTIAL_CARRIER_SVG);
    assert_sv_equal(out.text, vector_text(v, "png/text"));
}

static void unbake__says_when_a_picture_holds_nothing(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv png;
    struct credential_unbaked out;
    AUTO_JSON *v = vector_load("baking.json");
    assert_true(base64_decode(&a, vector_text(v, "png/plainBase64"), &png, &err));
    assert_false(credential_unbake(png, &a, &out, &err));
    assert_string_equal(err.reason, "image");
    err = (struct err){0};
    assert_false(credential_unbake(vector_text(v, "svg/plain"), &a, &out, &err));
    assert_string_equal(err.reason, "image");
}

/* Cut at every length, and with every byte of the credential's chunk changed: never another text.
 */
static void unbake__refuses_damaged_pngs(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct credential_unbaked out;
    struct sv png = baked_png(&a);
    for (size_t len = 8; len < png.len; len++) {
        assert_false(credential_unbake(sv_head(png, len), &a, &out, &err));
    }
    size_t chunk = 33; /* behind signature and IHDR */
    for (size_t at = chunk + 4; at < chunk + 300; at++) {
        char *copy = arena_copy(&a, png.ptr, png.len);
        copy[at] ^= 1;
        assert_false(credential_unbake(sv_of(copy, png.len), &a, &out, &err));
    }
}

static void unbake__refuses_two_credentials_in_one_png(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct credential_unbaked out;
    struct sv png = baked_png(&a);
    struct str twice;
    size_t chunk_len = 12 + ((size_t)(unsigned char)png.ptr[35] << 8 | (unsigned char)png.ptr[36]);
    str_init(&twice, &a, 100000);
    str_add(&twice, sv_head(png, 33 + chunk_len));
    str_add(&twice, sv_of(png.ptr + 33, chunk_len));
    str_add(&twice, sv_skip(png, 33 + chunk_len));
    assert_false(credential_unbake(str_sv(&twice), &a, &out, &err));
    assert_non_null(strstr(err.text, "two credentials"));
}

/* A PNG with one chunk behind IHDR instead of the vector's. */
static struct sv png_with(struct arena *a, const char *type, struct sv data) {
    struct sv png = baked_png(a);
    size_t old = 12 + ((size_t)(unsigned char)png.ptr[35] << 8 | (unsigned char)png.ptr[36]);
    struct str out;
    str_init(&out, a, png.len + data.len + 100);
    str_add(&out, sv_head(png, 33));
    char *body = arena_alloc(a, data.len + 4);
    memcpy(body, type, 4);
    memcpy(body + 4, data.ptr, data.len);
    uLong crc = crc32(0, (const Bytef *)body, (uInt)(data.len + 4));
    for (int shift = 24; shift >= 0; shift -= 8) {
        str_add_char(&out, (char)(data.len >> shift & 255));
    }
    str_add(&out, sv_of(body, data.len + 4));
    for (int shift = 24; shift >= 0; shift -= 8) {
        str_add_char(&out, (char)(crc >> shift & 255));
    }
    str_add(&out, sv_skip(png, 33 + old));
    return str_sv(&out);
}

/* Moodle's badges/lib/bakerlib.php: tEXt, keyword, NUL, the assertion's address. */
#define BYTES(literal)                                                                             \
    { (literal), sizeof(literal) - 1 }
static void unbake__reads_plain_text_chunks_of_older_programs(void **state) {
    (void)state;
    static const struct {
        const char *type;
        struct sv data;
        const char *text; /* NULL: refused */
    } rows[] = {
        {"tEXt", BYTES("openbadges\0https://moodle.example/badges/assertion.php?b=1"),
         "https://moodle.example/badges/assertion.php?b=1"},
        {"iTXt", BYTES("openbadges\0\0\0\0\0https://x.example/1"), "https://x.example/1"},
        {"tEXt", BYTES("openbadgecredential\0{}"), NULL}, /* 3.0 knows iTXt only */
        {"tEXt", BYTES("Comment\0https://x.example/1"), NULL},
        {"zTXt", BYTES("openbadges\0\0x"), NULL},
        {"iTXt", BYTES("openbadges\0\1\0\0\0x"), NULL}, /* compressed */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct credential_unbaked out;
        struct sv png = png_with(&a, rows[i].type, rows[i].data);
        bool is_read = credential_unbake(png, &a, &out, &err);
        if (is_read != (rows[i].text != NULL)) {
            fail_msg("row %zu: %s", i, is_read ? "was read" : err.text);
        }
        if (is_read) {
            assert_sv_equal(out.text, sv_from(rows[i].text));
        }
    }
}

static void unbake__says_what_to_hand_in_instead(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *words;
    } rows[] = {{"%PDF-1.7\n", "PDF"},
                {"PK\x03\x04zip", "unpack"},
                {"\xFF\xD8\xFF\xE0jpeg", "original picture"},
                {"GIF89a", "original picture"},
                {"RIFF0000WEBP", "original picture"},
                {"\n<!DOCTYPE html><html>", "web page"},
                {"<HTML lang=en>", "web page"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct credential_unbaked out;
        assert_false(credential_unbake(sv_from(rows[i].bytes), &a, &out, &err));
        assert_non_null(strstr(err.text, rows[i].words));
    }
}

#define NS "xmlns:ob=\"https://purl.imsglobal.org/ob/v3p0\""
#define NS2 "xmlns:openbadges='http://openbadges.org'"

static void unbake__reads_svgs_as_xml_means_them(void **state) {
    (void)state;
    static const struct {
        const char *svg, *text; /* NULL: refused */
    } rows[] = {
        {"<svg " NS "><ob:credential verify=\"a.b.c\"/></svg>", "a.b.c"},
        {"<?xml version='1.0'?><!-- <ob:credential> --><svg " NS
         "><ob:credential verify='a.b.c'></ob:credential></svg>",
         "a.b.c"},
        {"<svg><ob:credential " NS " >{&quot;a&quot;:&#x22;&lt;&amp;&#34;}</ob:credential></svg>",
         "{\"a\":\"<&\"}"},
        {"<svg " NS "><ob:credential>\n <![CDATA[{}]]> \n</ob:credential></svg>", "{}"},
        {"<svg " NS2 "><openbadges:assertion verify=\"https://x/\"><![CDATA[{}]]>"
         "</openbadges:assertion></svg>",
         "https://x/"},
        {"<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"x.dtd\"><svg " NS
         "><ob:credential verify='a.b.c'/></svg>",
         "a.b.c"},
        {"<!DOCTYPE svg [<!ENTITY x 'y'>]><svg " NS "><ob:credential verify='&x;'/></svg>", NULL},
        {"<svg " NS "><ob:credential verify='&x;'/></svg>", NULL},
        {"<svg " NS "><ob:credential verify='&#0;'/></svg>", NULL},
        {"<svg " NS "><ob:credential verify='&#99999999999;'/></svg>", NULL},
        {"<svg " NS "><ob:credential>a</ob:credential><ob:credential>b</ob:credential></svg>",
         NULL},
        {"<svg " NS "><ob:credential>a<b/></ob:credential></svg>", NULL},
        {"<svg " NS "><ob:credential>a", NULL},
        {"<svg " NS "><ob:credential verify='a", NULL},
        {"<svg " NS "><ob:credential verify=a.b.c/></svg>", NULL},
        {"<svg><ob:credential verify='a.b.c'/></svg>", NULL}, /* the prefix means nothing */
        {"<svg xmlns:ob='https://evil.example'><ob:credential verify='a.b.c'/></svg>", NULL},
        {"<svg " NS "><!-- <ob:credential verify='a.b.c'/> --></svg>", NULL},
        {"<svg " NS "><![CDATA[<ob:credential verify='a.b.c'/>]]></svg>", NULL},
        {"<svg><!-- ", NULL},
        {"<svg><![CDATA[ ", NULL},
        {"<", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_ARENA a = {0};
        struct err err = {0};
        struct credential_unbaked out;
        bool is_read = credential_unbake(sv_from(rows[i].svg), &a, &out, &err);
        if (is_read != (rows[i].text != NULL)) {
            fail_msg("%s: %s", rows[i].svg, is_read ? "was read" : err.text);
        }
        if (is_read) {
            assert_sv_equal(out.text, sv_from(rows[i].text));
        }
    }
}

static void unbake__hands_other_text_through(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct credential_unbaked out;
    assert_true(credential_unbake(SV("\xEF\xBB\xBF {} \n"), &a, &out, &err));
    assert_int_equal(out.carrier, CREDENTIAL_CARRIER_TEXT);
    assert_sv_equal(out.text, SV("{}"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unbake__reads_the_vectors_png_and_svg),
        cmocka_unit_test(unbake__says_when_a_picture_holds_nothing),
        cmocka_unit_test(unbake__refuses_damaged_pngs),
        cmocka_unit_test(unbake__refuses_two_credentials_in_one_png),
        cmocka_unit_test(unbake__reads_plain_text_chunks_of_older_programs),
        cmocka_unit_test(unbake__says_what_to_hand_in_instead),
        cmocka_unit_test(unbake__reads_svgs_as_xml_means_them),
        cmocka_unit_test(unbake__hands_other_text_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
