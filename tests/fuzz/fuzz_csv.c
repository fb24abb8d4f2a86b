/* An uploaded gradebook. The first byte says how it arrives and what was chosen. */
#include "csv_text.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct grades_csv_survey survey;
    uint8_t how = size > 0 ? data[size - 1] : 0;
    const struct grades_csv_choice list[] = {
        {.column = how % 7, .has_use = true, .use = GRADES_CSV_LOGIN},
        {.column = how % 5, .maximum = SV("12,5")}};
    const struct grades_csv_choices choices = {.list = list, .count = how % 3};
    struct csv_text text = {.text = sv_of((const char *)data, size), .chunk = how % 4};
    bool is_parsed = csv_text_parse(&text, &choices, &a, &survey, &err);
    if (is_parsed != (err.code == ERR_NONE) || (!is_parsed && survey.reading.fact_count > 0) ||
        (is_parsed && survey.column_count == 0)) {
        abort();
    }
    for (size_t i = 0; i < survey.reading.fact_count; i++) {
        if (survey.reading.facts[i].item_index >= survey.reading.item_count) {
            abort();
        }
    }
    return 0;
}
