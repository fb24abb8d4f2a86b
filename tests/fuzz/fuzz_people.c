/* A file of people from an older system. */
#include "grades_people.h"
#include <stdint.h>
#include <stdlib.h>

#define NOW (INT64_C(1760000000) * USEC_PER_S)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct grades_person *people = NULL;
    size_t count = 0;
    struct sv file = sv_of((const char *)data, size);
    bool is_parsed = grades_people_parse(file, NOW, &a, &people, &count, &err);
    if (is_parsed != (err.code == ERR_NONE)) {
        abort();
    }
    for (size_t i = 0; i < count; i++) {
        bool has_day = people[i].badge.len == 0 || people[i].issued_at > 0;
        if (people[i].user_id.len == 0 || people[i].issued_at > NOW || (is_parsed && !has_day)) {
            abort();
        }
    }
    return 0;
}
