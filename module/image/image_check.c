#include "image_check.h"
#include "image_png.h"
#include <string.h>

static bool refuse(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "image", "%s", why);
}

static uint32_t be32(const char *p) {
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | (uint32_t)u[3];
}

/* Four bits at a time, with a table of 16. */
uint32_t image_crc32(struct sv s) {
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                       0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                       0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < s.len; i++) {
        crc ^= (unsigned char)s.ptr[i];
        crc = table[crc & 15u] ^ crc >> 4;
        crc = table[crc & 15u] ^ crc >> 4;
    }
    return ~crc;
}

bool image_chunk_read(struct sv *rest, struct image_chunk *c) {
    if (rest->len < 12) {
        return false;
    }
    uint32_t len = be32(rest->ptr);
    if (len > rest->len - 12) {
        return false;
    }
    c->type = sv_of(rest->ptr + 4, 4);
    c->data = sv_of(rest->ptr + 8, len);
    c->whole = sv_of(rest->ptr, (size_t)len + 12);
    for (size_t i = 0; i < 4; i++) {
        char l = c->type.ptr[i];
        if (!((l >= 'a' && l <= 'z') || (l >= 'A' && l <= 'Z'))) {
            return false;
        }
    }
    *rest = sv_skip(*rest, c->whole.len);
    return image_crc32(sv_of(c->whole.ptr + 4, (size_t)len + 4)) ==
           be32(c->whole.ptr + c->whole.len - 4);
}

/* Legal pairs of colour type and bit depth (PNG 11.2.1, table 12). */
static bool is_legal(int colour, int depth) {
    switch (colour) {
    case 0:
        return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case 3:
        return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case 2:
    case 4:
    case 6:
        return depth == 8 || depth == 16;
    default:
        return false;
    }
}

static bool header_check(const struct image_chunk *c, struct image_size *out, struct err *err) {
    if (!sv_eq(c->type, SV("IHDR")) || c->data.len != 13 ||
        !is_legal(c->data.ptr[9], c->data.ptr[8]) || c->data.ptr[10] != 0 || c->data.ptr[11] != 0 ||
        (unsigned char)c->data.ptr[12] > 1) {
        return refuse(err, "The picture is no PNG that we can read; save it again as PNG.");
    }
    out->width = be32(c->data.ptr);
    out->height = be32(c->data.ptr + 4);
    if (out->width == 0 || out->height == 0 ||
        (uint64_t)out->width * out->height > IMAGE_PNG_MAX_PIXELS) {
        return refuse(
            err,
            "The picture has more than 4 million pixels; make it smaller, 512 by 512 is enough.");
    }
    return true;
}

static bool is_any(struct sv type, const char *const *names) {
    for (; *names != NULL; names++) {
        if (sv_eq(type, sv_from(*names))) {
            return true;
        }
    }
    return false;
}

bool image_png_check(struct sv bytes, struct image_size *out, struct err *err) {
    static const char *const critical[] = {"IHDR", "PLTE", "IDAT", "IEND", NULL};
    static const char *const animation[] = {"acTL", "fcTL", "fdAT", NULL};
    if (bytes.len > IMAGE_PNG_MAX_BYTES) {
        return refuse(err, "The picture is larger than 2 MB; make it smaller.");
    }
    struct sv rest = bytes;
    if (!sv_starts(bytes, SV(IMAGE_PNG_SIGNATURE))) {
        return refuse(err, "The picture is no PNG; save it as PNG.");
    }
    rest = sv_skip(rest, sizeof IMAGE_PNG_SIGNATURE - 1);
    struct image_chunk c;
    bool has_data = false;
    for (size_t i = 0;; i++) {
        if (!image_chunk_read(&rest, &c)) {
            return refuse(err, "The picture is damaged; save it again as PNG.");
        }
        if (i == 0 ? !header_check(&c, out, err) : sv_eq(c.type, SV("IHDR"))) {
            return refuse(err, "The picture has two headers; save it again as PNG.");
        }
        bool is_critical = c.type.ptr[0] >= 'A' && c.type.ptr[0] <= 'Z';
        if ((is_critical && !is_any(c.type, critical)) || is_any(c.type, animation)) {
            return refuse(
                err, "The picture is animated or of a kind we do not know; save it as plain PNG.");
        }
        has_data = has_data || (sv_eq(c.type, SV("IDAT")) && c.data.len > 0);
        if (sv_eq(c.type, SV("IEND"))) {
            break;
        }
    }
    if (!has_data || c.data.len != 0 || rest.len != 0) {
        return refuse(err,
                      "The picture is incomplete, or something follows it; save it again as PNG.");
    }
    return true;
}

bool image_png_strip(struct arena *a, struct sv bytes, struct sv *out, struct err *err) {
    static const char *const kept[] = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS",
                                       "gAMA", "cHRM", "sRGB", NULL};
    struct image_size size;
    if (!image_png_check(bytes, &size, err)) {
        return false;
    }
    char *copy = arena_alloc(a, bytes.len);
    size_t len = sizeof IMAGE_PNG_SIGNATURE - 1;
    memcpy(copy, bytes.ptr, len);
    struct sv rest = sv_skip(bytes, len);
    struct image_chunk c;
    while (image_chunk_read(&rest, &c)) {
        if (is_any(c.type, kept)) {
            memcpy(copy + len, c.whole.ptr, c.whole.len);
            len += c.whole.len;
        }
    }
    *out = sv_of(copy, len);
    return true;
}
