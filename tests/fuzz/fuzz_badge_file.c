/* A badge file from anybody: what is taken is written, and what is written is taken and written the
 * same. */
#include "badge_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a;
    arena_init(&a);
    struct err err = {0};
    struct badge_file *file = NULL;
    if (!badge_file_parse(&a, sv_of((const char *)data, size), &file, &err)) {
        if (err.code != ERR_INPUT || err.text[0] == '\0') {
            abort();
        }
        return 0;
    }
    struct sv once = badge_file_text(&a, file);
    if (once.len > BADGE_FILE_BYTES_MAX) {
        return 0; /* indentation can outgrow the limit */
    }
    if (!badge_file_parse(&a, once, &file, &err) || !sv_eq(once, badge_file_text(&a, file))) {
        abort();
    }
    for (size_t i = 0; i < file->badge_count; i++) {
        (void)badge_rule_words(&a, file->rules[i]);
    }
    return 0;
}
