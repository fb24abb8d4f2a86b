/* Badge art without a designer: a drawing made of the badge's own data, always the same for the
 * same data.
 *
 * Shape x colour x icon and the badge's name, as one SVG of 512 by 512 units: no script, no style
 * sheet, no outside reference, no font but the viewer's sans-serif. */
#pragma once
#include "base_str.h"

/* What to draw. Empty fields are chosen from `key`, so that a badge keeps its look. */
struct image_badge {
    struct sv key;    /* "safe-lab" */
    struct sv name;   /* UTF-8, put on the badge in at most two lines */
    struct sv colour; /* "green" */
    struct sv shape;  /* "hexagon" */
    struct sv icon;   /* "flask" */
};

#define IMAGE_BADGE_MAX_BYTES ((size_t)32 * 1024)

/* Names to choose from, NULL-terminated. */
extern const char *const image_badge_colours[];
extern const char *const image_badge_shapes[];
extern const char *const image_badge_icons[];

/* Append the SVG to `out` (which must take IMAGE_BADGE_MAX_BYTES). Fails: ERR_INPUT, reason "art",
 * for a colour, shape or icon that is none, or a name that is no UTF-8. */
NODISCARD bool image_badge_draw(const struct image_badge *badge, struct str *out, struct err *err);
