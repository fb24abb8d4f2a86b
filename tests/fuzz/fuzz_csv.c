/* An uploaded gradebook. */
#include "grades_csv.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct grades_reading reading;
    struct grades_csv_map map;
    bool is_parsed = grades_csv_parse(sv_of((const char *)data, size), &a, &reading, &map, &err);
    if (is_parsed != (err.code == ERR_NONE) || (!is_parsed && reading.fact_count > 0) ||
        (is_parsed && map.column_count == 0)) {
        abort();
    }
    for (size_t i = 0; i < reading.fact_count; i++) {
        if (reading.facts[i].item_index >= reading.item_count) {
            abort();
        }
    }
    return 0;
}
