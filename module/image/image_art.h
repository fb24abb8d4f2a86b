/* Internal to image: what badges are made of. All drawings are our own. */
#pragma once
#include "base_str.h"

/* Tones of one hue: rim and plate run from `bright` and `light` over `base` to `deep`. `icon` on
 * `light` and on `base` has a contrast of 3:1 or more (WCAG 1.4.11), `deep` on the banner 7:1 or
 * more (1.4.6). */
struct image_colour {
    const char *name, *bright, *light, *base, *deep, *icon;
};

/* On a grid of 24 by 24: a filled path (even-odd), a stroked one, either may be NULL. */
struct image_icon {
    const char *name, *fill, *stroke;
    double stroke_width;
};

/* Around (0, 0), about 226 in radius; `tails` hang behind it. */
struct image_shape {
    const char *name, *path, *tails;
    double centre_y; /* where (0, 0) goes on the canvas */
    double icon_y;   /* where the middle of the icon goes */
    int banner_bottom;
};

const struct image_colour *image_colour_find(struct sv name);
const struct image_icon *image_icon_find(struct sv name);
const struct image_shape *image_shape_find(struct sv name);
/* An icon that a word of the name or key asks for ("lab": flask); NULL when none does. */
const struct image_icon *image_icon_for_words(struct sv text);

/* A name laid out on the banner: one or two lines and the size they fit at. */
struct image_name {
    struct sv lines[2];
    size_t line_count;
    bool is_cut; /* the last line goes on with an ellipsis */
    int size;    /* of the letters, in canvas units */
};

/* Lay out `name` (UTF-8) for lines `width` units wide. */
struct image_name image_name_fit(struct sv name, double width);
/* About how wide the text is at size 1, in a bold sans-serif. */
double image_text_width(struct sv text);
