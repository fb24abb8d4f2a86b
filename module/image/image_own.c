#include "image_own.h"
#include "base_encode.h"
#include "image_check.h"
#include "image_render.h"

static bool refuse(struct err *err, const char *why) {
    return err_because(err, ERR_INPUT, "image", "%s", why);
}

/* What the bytes are, whatever they are called; NULL: unknown. */
static const char *kind_of(struct sv bytes) {
    static const struct {
        struct sv start;
        const char *kind;
    } starts[] = {{{"\x89PNG", 4}, "PNG"}, {{"\xFF\xD8\xFF", 3}, "JPEG"}, {{"GIF8", 4}, "GIF"},
                  {{"RIFF", 4}, "WebP"},   {{"%PDF", 4}, "PDF"},          {{"BM", 2}, "BMP"}};
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        if (sv_starts(bytes, starts[i].start)) {
            return starts[i].kind;
        }
    }
    struct sv text = sv_starts(bytes, SV("\xEF\xBB\xBF")) ? sv_skip(bytes, 3) : bytes;
    text = sv_trim(sv_head(text, 4096));
    return text.len > 0 && text.ptr[0] == '<' ? "SVG" : NULL;
}

static bool ends_in(struct sv name, struct sv ending) {
    return name.len > ending.len && sv_eq_nocase(sv_skip(name, name.len - ending.len), ending);
}

static bool name_check(struct sv name, struct sv bytes, enum image_own_kind *out, struct err *err) {
    bool is_png = ends_in(name, SV(".png"));
    const char *kind = kind_of(bytes);
    const char *wanted = is_png ? "PNG" : "SVG";
    *out = is_png ? IMAGE_OWN_PNG : IMAGE_OWN_SVG;
    if (!is_png && !ends_in(name, SV(".svg"))) {
        return refuse(err, "A badge's picture is a .png or .svg file; save it as one of these.");
    }
    if (kind != NULL && sv_eq(sv_from(kind), sv_from(wanted))) {
        return true;
    }
    return err_because(err, ERR_INPUT, "image",
                       "The file's name says %s, but it holds %s%s; save the picture as %s.",
                       wanted, kind == NULL ? "something else" : kind, kind == NULL ? "" : " data",
                       wanted);
}

/* A PNG on a page of `width` by `height`, shown at any size. */
static struct sv framed(struct arena *a, struct sv png, uint32_t width, uint32_t height) {
    struct sv text = base64_encode(a, png.ptr, png.len);
    return sv_printf(a,
                     "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                     "xmlns:xlink=\"http://www.w3.org/1999/xlink\" viewBox=\"0 0 %u %u\" "
                     "width=\"%d\" height=\"%d\"><image width=\"%u\" height=\"%u\" "
                     "xlink:href=\"data:image/png;base64,%.*s\"/></svg>\n",
                     width, height, IMAGE_OWN_SIDE, IMAGE_OWN_SIDE, width, height, SV_ARG(text));
}

static uint32_t scaled(uint32_t side, uint32_t longest) {
    uint64_t n = longest <= IMAGE_OWN_SIDE
                     ? side
                     : ((uint64_t)side * IMAGE_OWN_SIDE + longest / 2) / longest;
    return n == 0 ? 1 : (uint32_t)n;
}

static bool drawn(struct arena *a, struct sv picture, struct image_size size, const char *program,
                  struct sv *out, struct err *err) {
    const struct image_render job = {
        .width = (int)size.width, .height = (int)size.height, .svg = picture, .program = program};
    struct err why = {0};
    if (image_render(&job, a, out, &why)) {
        return true;
    }
    if (why.code == ERR_INPUT) {
        return refuse(err, "The picture cannot be drawn; save it again, or as PNG.");
    }
    *err = why;
    return false;
}

bool image_own_make(struct arena *a, struct sv name, struct sv bytes, const char *program,
                    struct image_own *out, struct err *err) {
    struct image_size size = {.width = IMAGE_OWN_SIDE, .height = IMAGE_OWN_SIDE};
    struct sv ignored = {0};
    if (!name_check(name, bytes, &out->kind, err)) {
        return false;
    }
    if (out->kind == IMAGE_OWN_SVG) {
        return image_svg_clean(a, bytes, &out->bytes, err) &&
               drawn(a, out->bytes, size, program, &ignored, err);
    }
    struct sv plain = {0};
    if (!image_png_check(bytes, &size, err) || !image_png_strip(a, bytes, &plain, err)) {
        return false;
    }
    uint32_t longest = size.width > size.height ? size.width : size.height;
    size = (struct image_size){.width = scaled(size.width, longest),
                               .height = scaled(size.height, longest)};
    return drawn(a, plain, size, program, &out->bytes, err);
}

bool image_own_draw(struct arena *a, const struct image_own *own, struct sv *svg, struct err *err) {
    struct image_size size = {0};
    if (own->kind == IMAGE_OWN_SVG) {
        *svg = own->bytes;
        return true;
    }
    if (!image_png_check(own->bytes, &size, err)) {
        return false;
    }
    *svg = framed(a, own->bytes, size.width, size.height);
    return true;
}
