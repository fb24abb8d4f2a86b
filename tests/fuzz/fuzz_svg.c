/* Any bytes as somebody's SVG: what is cleaned is clean, and can be baked. */
#include "image_bake.h"
#include "image_own.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv once = {0};
    struct sv twice = {0};
    struct sv baked = {0};
    const struct image_bake bake = {.form = IMAGE_BAKE_3_JSON, .text = SV("{}")};
    if (!image_svg_clean(&a, sv_of((const char *)data, size), &once, &err)) {
        return 0;
    }
    if (once.len <= IMAGE_SVG_MAX_BYTES &&
        (!image_svg_clean(&a, once, &twice, &err) || !sv_eq(once, twice) ||
         !image_bake_svg(&a, once, &bake, &baked, &err))) {
        abort();
    }
    return 0;
}
