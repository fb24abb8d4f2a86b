#include "image_bake.h"
#include "image_check.h"
#include "image_png.h"
#include <string.h>

#define ROOM ((size_t)4096) /* for what stands around the text */

static const struct {
    const char *keyword;             /* of the chunk */
    const char *namespace, *element; /* of the drawing */
} FORMS[] = {
    [IMAGE_BAKE_3_JSON] = {"openbadgecredential", "https://purl.imsglobal.org/ob/v3p0",
                           "credential"},
    [IMAGE_BAKE_3_JWT] = {"openbadgecredential", "https://purl.imsglobal.org/ob/v3p0",
                          "credential"},
    [IMAGE_BAKE_2_JSON] = {"openbadges", "http://openbadges.org", "assertion"},
};

static bool text_check(const struct image_bake *bake, struct err *err) {
    bool is_fit = bake->text.len > 0 && bake->text.len <= IMAGE_BAKE_TEXT_MAX &&
                  sv_is_utf8(bake->text) &&
                  (bake->form != IMAGE_BAKE_3_JWT || sv_is_printable_ascii(bake->text)) &&
                  sv_is_printable_ascii(bake->url);
    return is_fit || err_because(err, ERR_INPUT, "bake", "the badge is too long for a picture");
}

static void add_be32(struct str *out, uint32_t n) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        str_add_char(out, (char)(n >> shift & 0xffu));
    }
}

/* Keyword, NUL, not compressed, method 0, no language, no translated keyword, text (PNG 11.3.3.4).
 */
static void add_itxt(struct str *out, const struct image_bake *bake) {
    static const char nuls[5] = {0};
    struct sv keyword = sv_from(FORMS[bake->form].keyword);
    add_be32(out, (uint32_t)(keyword.len + sizeof nuls + bake->text.len));
    size_t from = out->len;
    str_add(out, SV("iTXt"));
    str_add(out, keyword);
    str_add(out, sv_of(nuls, sizeof nuls));
    str_add(out, bake->text);
    if (!out->is_overflowed) {
        add_be32(out, image_crc32(sv_skip(str_sv(out), from)));
    }
}

static bool is_baked(const struct image_chunk *c) {
    return sv_eq(c->type, SV("iTXt")) && (sv_starts(c->data, SV("openbadgecredential\0")) ||
                                          sv_starts(c->data, SV("openbadges\0")));
}

bool image_bake_png(struct arena *a, struct sv png, const struct image_bake *bake, struct sv *out,
                    struct err *err) {
    struct image_size size;
    struct image_chunk c;
    struct str s;
    if (!image_png_check(png, &size, err) || !text_check(bake, err)) {
        return false;
    }
    str_init(&s, a, png.len + bake->text.len + ROOM);
    str_add(&s, sv_head(png, sizeof IMAGE_PNG_SIGNATURE - 1));
    struct sv rest = sv_skip(png, sizeof IMAGE_PNG_SIGNATURE - 1);
    while (image_chunk_read(&rest, &c)) {
        if (!is_baked(&c)) {
            str_add(&s, c.whole);
        }
        if (sv_eq(c.type, SV("IHDR"))) {
            add_itxt(&s, bake);
        }
    }
    *out = str_sv(&s);
    return str_ok(&s, "the badge's picture", err);
}

/* "]]>" would end the section; inside a JSON string this is the same text. */
static void add_cdata(struct str *out, struct sv json) {
    str_add(out, SV("<![CDATA["));
    for (size_t i = 0; i < json.len; i++) {
        bool is_end =
            json.ptr[i] == '>' && i >= 2 && json.ptr[i - 1] == ']' && json.ptr[i - 2] == ']';
        if (is_end) {
            str_add(out, SV("\\u003e"));
        } else {
            str_add_char(out, json.ptr[i]);
        }
    }
    str_add(out, SV("]]>"));
}

static bool attribute_is_fit(struct sv value) {
    return sv_find(value, '"') == value.len && sv_find(value, '<') == value.len &&
           sv_find(value, '&') == value.len;
}

static void add_element(struct str *out, const struct image_bake *bake) {
    const char *element = FORMS[bake->form].element;
    struct sv verify = bake->form == IMAGE_BAKE_3_JWT ? bake->text : bake->url;
    str_addf(out, "<openbadges:%s", element);
    if (verify.len > 0) {
        str_add_c(out, " verify=\"");
        str_add(out, verify);
        str_add_char(out, '"');
    }
    str_add_char(out, '>');
    if (bake->form != IMAGE_BAKE_3_JWT) {
        add_cdata(out, bake->text);
    }
    str_addf(out, "</openbadges:%s>", element);
}

bool image_bake_svg(struct arena *a, struct sv svg, const struct image_bake *bake, struct sv *out,
                    struct err *err) {
    size_t end = sv_find(svg, '>');
    struct sv verify = bake->form == IMAGE_BAKE_3_JWT ? bake->text : bake->url;
    struct str s;
    if (!text_check(bake, err)) {
        return false;
    }
    if (!sv_starts(svg, SV("<svg ")) || end == svg.len || !attribute_is_fit(verify)) {
        return err_because(err, ERR_INPUT, "image", "the picture is no drawing of ours");
    }
    str_init(&s, a, svg.len + 2 * bake->text.len + ROOM);
    str_add(&s, sv_head(svg, end));
    str_addf(&s, " xmlns:openbadges=\"%s\">", FORMS[bake->form].namespace);
    add_element(&s, bake);
    str_add(&s, sv_skip(svg, end + 1));
    *out = str_sv(&s);
    return str_ok(&s, "the badge's picture", err);
}
