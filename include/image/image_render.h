/* Has laurel-render (module/render) draw an SVG, or a PNG anew. Every call is a process of its own
 * that may do nothing but draw; this one parses nothing of it. */
#pragma once
#include "base_str.h"

#define IMAGE_RENDER_BYTES_MAX ((size_t)4 << 20)
#define IMAGE_RENDER_MS 15000

struct image_render {
    bool is_pdf;
    int width, height;   /* pixels, or points of a PDF */
    const char *title;   /* of a PDF; NULL: none */
    struct sv svg;       /* or a PNG */
    const char *program; /* NULL: laurel-render in the folder of the running program */
};

/* The picture in `a`, at most IMAGE_RENDER_BYTES_MAX, after at most IMAGE_RENDER_MS. Fails: ERR_BUG
 * "render" when the program cannot be started (a sentence says what is missing); ERR_INPUT "render"
 * when it could not draw this. */
NODISCARD bool image_render(const struct image_render *job, struct arena *a, struct sv *out,
                            struct err *err);
