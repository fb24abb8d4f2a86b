/* Which items of a course stand for those of a rule: what is read is written, and read again the
 * same. */
#include "badge_map.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct badge_map map;
    struct badge_map again;
    if (!badge_map_parse(&a, sv_of((const char *)data, size), &map, &err)) {
        return 0;
    }
    struct sv text = badge_map_text(&a, &map);
    if (!badge_map_parse(&a, text, &again, &err) || again.count != map.count ||
        !sv_eq(text, badge_map_text(&a, &again))) {
        abort();
    }
    return 0;
}
