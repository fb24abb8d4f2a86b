/* Any bytes as an uploaded picture: what passes can be stripped, and what is stripped passes. */
#include "image_check.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct image_size one = {0};
    struct sv bytes = sv_of((const char *)data, size);
    if (!image_png_check(bytes, &one, &err)) {
        return 0;
    }
    struct image_size two = {0};
    struct sv plain;
    if (!image_png_strip(&a, bytes, &plain, &err) || !image_png_check(plain, &two, &err) ||
        plain.len > size || one.width != two.width || one.height != two.height) {
        abort();
    }
    return 0;
}
