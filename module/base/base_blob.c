#include "base_blob.h"

const struct blob *blob_find(const struct blob *table, size_t count, struct sv name) {
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = sv_cmp(name, sv_from(table[mid].name));
        if (c == 0) {
            return &table[mid];
        }
        if (c < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return NULL;
}
