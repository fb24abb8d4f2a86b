/* Puts a credential into a badge's picture (Open Badges 3.0, 5.3; 2.0 "Baking"). Pixels and drawing
 * stay as they are; a credential that is there already is replaced, never joined. */
#pragma once
#include "base_str.h"

#define IMAGE_BAKE_TEXT_MAX ((size_t)1 << 20)

enum image_bake_form {
    IMAGE_BAKE_3_JSON, /* a credential with an embedded proof */
    IMAGE_BAKE_3_JWT,  /* a compact JWS */
    IMAGE_BAKE_2_JSON  /* a hosted assertion */
};

struct image_bake {
    enum image_bake_form form;
    struct sv text; /* UTF-8 without NUL */
    struct sv url;  /* 2_JSON in an SVG: the assertion's address */
};

/* `png` passed image_png_check. One iTXt chunk, uncompressed, right after IHDR; other such chunks
 * go. In `a`. Fails: ERR_INPUT "image" (no PNG), "bake" (the text cannot be put in). */
NODISCARD bool image_bake_png(struct arena *a, struct sv png, const struct image_bake *bake,
                              struct sv *out, struct err *err);
/* `svg` is a drawing of ours (image_badge_draw): its first tag is <svg> and no attribute of it
 * holds a '>'. Fails: ERR_INPUT as above. */
NODISCARD bool image_bake_svg(struct arena *a, struct sv svg, const struct image_bake *bake,
                              struct sv *out, struct err *err);
