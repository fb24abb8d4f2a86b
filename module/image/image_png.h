/* Chunks of a PNG (PNG 3rd edition, 5.3). Inside this room only. */
#pragma once
#include "base_str.h"

#define IMAGE_PNG_SIGNATURE "\x89PNG\r\n\x1a\n"

struct image_chunk {
    struct sv type, data, whole;
};

/* The next chunk; false when there is none, or it is cut short or damaged. */
bool image_chunk_read(struct sv *rest, struct image_chunk *c);
/* PNG 3rd edition, annex D. */
uint32_t image_crc32(struct sv bytes);
