/* Pictures that people make for their badges: judged, cleaned, and made into what drawings of ours
 * are. What comes out is all that is ever kept or served of them. */
#pragma once
#include "base_str.h"

/* Of what is given; a PNG's is IMAGE_PNG_MAX_BYTES. */
#define IMAGE_SVG_MAX_BYTES ((size_t)512 * 1024)
/* Of what image_own_draw makes. */
#define IMAGE_OWN_MAX_BYTES ((size_t)3 * 1024 * 1024)
#define IMAGE_OWN_SIDE 512

enum image_own_kind { IMAGE_OWN_PNG, IMAGE_OWN_SVG };
struct image_own {
    enum image_own_kind kind;
    struct sv bytes;
};

/* An SVG as one that may be served: well-formed UTF-8, and only what draws shapes, text and
 * embedded pictures. Editors' data and comments are left behind. The root says a viewBox and a size
 * of 512 by 512. Cleaning what is clean changes nothing. Fails: ERR_INPUT "image", with what to do,
 * for scripts, event handlers, links, animation, foreign objects, entities, style sheets and
 * references that lead outside, and what is too large. In `a`. */
NODISCARD bool image_svg_clean(struct arena *a, struct sv bytes, struct sv *out, struct err *err);

/* Judge a picture by its bytes and by its file's name, which ends in .png or .svg and must not lie.
 * A PNG is drawn anew by laurel-render, no side longer than 512; an SVG is cleaned, and drawn once
 * to see that it can be. `program` as of image_render. Fails: ERR_INPUT "image" with what to do, as
 * image_render. In `a`. */
NODISCARD bool image_own_make(struct arena *a, struct sv name, struct sv bytes, const char *program,
                              struct image_own *out, struct err *err);
/* A drawing of 512 by 512 that shows it, as image_badge_draw makes one (image_bake_svg and the
 * sheets take either). In `a`. Fails: ERR_INPUT "image" when `own` is none that was made here. */
NODISCARD bool image_own_draw(struct arena *a, const struct image_own *own, struct sv *svg,
                              struct err *err);
