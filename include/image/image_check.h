/* What a picture must be before we keep it. */
#pragma once
#include "base_str.h"

#define IMAGE_PNG_MAX_BYTES ((size_t)2 * 1024 * 1024)
#define IMAGE_PNG_MAX_PIXELS ((size_t)4 * 1000 * 1000)

struct image_size {
    uint32_t width, height;
};

/* Walk a PNG without decoding it (PNG 3rd edition, 5): signature, IHDR first with a legal type and
 * at most IMAGE_PNG_MAX_PIXELS, chunk lengths and CRCs, known critical chunks, IDAT present, IEND
 * last with nothing after it, no animation. Fails: ERR_INPUT, reason "image". */
NODISCARD bool image_png_check(struct sv bytes, struct image_size *out, struct err *err);

/* Copy with the chunks a badge needs and no others: text, EXIF, time and baked credentials are left
 * behind. `bytes` passed image_png_check. Lives in `a`. */
NODISCARD bool image_png_strip(struct arena *a, struct sv bytes, struct sv *out, struct err *err);
