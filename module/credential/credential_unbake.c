#include "credential_unbake.h"
#include "credential_svg.h"
#include <string.h>
#include <zlib.h>

#define SIGNATURE "\x89PNG\r\n\x1a\n"

static bool refuse(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "image", "%s", why);
}

static uint32_t be32(const char *p) {
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | (uint32_t)u[3];
}

/* Behind keyword and its NUL: flag, method, language, NUL, translated keyword, NUL, text (PNG
 * 11.3.3.4). */
static bool itxt_text(struct sv data, struct sv *text, struct err *err) {
    struct sv rest = sv_skip(data, 2);
    struct sv ignored;
    if (data.len < 4 || data.ptr[0] != 0 || data.ptr[1] != 0) {
        return refuse(err, "the credential in the PNG is compressed, which the standard forbids");
    }
    if (!sv_cut(rest, '\0', &ignored, &rest) || !sv_cut(rest, '\0', &ignored, text)) {
        return refuse(err, "the PNG's credential chunk is malformed");
    }
    return true;
}

/* Where a keyword's text may be. Programs of Open Badges 1 and 2 (Moodle among them) also write
 * tEXt, whose data is the text itself (PNG 11.3.3.2). */
struct place {
    struct sv keyword;
    bool is_plain_too;
};

/* The only chunk with that keyword; *text is empty when there is none. */
static bool png_find(struct sv png, struct place where, struct sv *text, struct err *err) {
    struct sv rest = sv_skip(png, sizeof SIGNATURE - 1);
    bool is_found = false;
    *text = sv_of(NULL, 0);
    while (rest.len >= 12) {
        size_t len = be32(rest.ptr);
        if (len > rest.len - 12) {
            break;
        }
        struct sv type = sv_of(rest.ptr + 4, 4);
        struct sv data = sv_of(rest.ptr + 8, len);
        struct sv name;
        struct sv body;
        bool is_plain = where.is_plain_too && sv_eq(type, SV("tEXt"));
        if ((is_plain || sv_eq(type, SV("iTXt"))) && sv_cut(data, '\0', &name, &body) &&
            sv_eq(name, where.keyword)) {
            uLong crc = crc32(0, (const Bytef *)type.ptr, (uInt)(len + 4));
            if (crc != be32(rest.ptr + 8 + len)) {
                return refuse(err, "the PNG's credential chunk is damaged (its checksum is wrong)");
            }
            if (is_found) {
                return refuse(err, "the PNG holds two credentials; which one is meant is unclear");
            }
            is_found = true;
            *text = body;
            if (!is_plain && !itxt_text(body, text, err)) {
                return false;
            }
        }
        rest = sv_skip(rest, len + 12);
        if (sv_eq(type, SV("IEND"))) {
            return true;
        }
    }
    return refuse(err, "the PNG is cut off or malformed");
}

static bool png_read(struct sv png, struct sv *text, struct err *err) {
    const struct place ob3 = {.keyword = SV("openbadgecredential")};
    const struct place ob2 = {.keyword = SV("openbadges"), .is_plain_too = true};
    if (!png_find(png, ob3, text, err) || (text->len == 0 && !png_find(png, ob2, text, err))) {
        return false;
    }
    return text->len > 0 ||
           refuse(err, "there is no credential in this PNG; it may be a picture of a badge only, "
                       "or a program removed it when the picture was saved");
}

/* What people take for the badge, by how it begins, and what to do instead. */
static const char *not_a_badge(struct sv bytes) {
    static const char picture[] = "only PNG and SVG pictures carry a badge's proof; hand in the "
                                  "original picture, or the badge's JSON";
    static const struct {
        struct sv start;
        const char *why;
    } others[] = {
        {{"%PDF-", 5},
         "a PDF does not carry a badge's proof; open the address on it, or hand in the badge's "
         "PNG, SVG or JSON"},
        {{"PK\x03\x04", 4}, "this is an archive (ZIP); unpack it and hand in one of its badges"},
        {{"\xFF\xD8\xFF", 3}, picture},
        {{"GIF8", 4}, picture},
        {{"RIFF", 4}, picture},
        {{"<!doctype html", 14},
         "this is a web page about a badge; look on it for the badge's own file or address"},
        {{"<html", 5},
         "this is a web page about a badge; look on it for the badge's own file or address"},
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        if (sv_eq_nocase(sv_head(bytes, others[i].start.len), others[i].start)) {
            return others[i].why;
        }
    }
    return NULL;
}

bool credential_unbake(struct sv bytes, struct arena *a, struct credential_unbaked *out,
                       struct err *err) {
    *out = (struct credential_unbaked){.carrier = CREDENTIAL_CARRIER_TEXT};
    if (bytes.len > CREDENTIAL_IMAGE_BYTES_MAX) {
        return refuse(err, "the file is larger than 4 MiB");
    }
    if (sv_starts(bytes, SV(SIGNATURE))) {
        out->carrier = CREDENTIAL_CARRIER_PNG;
        if (!png_read(bytes, &out->text, err)) {
            return false;
        }
        out->text = sv_trim(out->text);
        return true;
    }
    if (sv_starts(bytes, SV("\xEF\xBB\xBF"))) {
        bytes = sv_skip(bytes, 3);
    }
    out->text = sv_trim(bytes);
    const char *why = not_a_badge(out->text);
    if (why != NULL) {
        return refuse(err, why);
    }
    if (out->text.len > 0 && out->text.ptr[0] == '<') {
        out->carrier = CREDENTIAL_CARRIER_SVG;
        if (!credential_svg_read(bytes, a, &out->text, err)) {
            return false;
        }
        out->text = sv_trim(out->text);
    }
    return true;
}
