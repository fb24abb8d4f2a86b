/* Bytes as a list read row by row, on its own or in the member "r": rows and what is around them
 * make the whole that jansson reads, or both refuse. Deeper than jansson goes by the two levels
 * that are read apart, the rows may be taken alone. */
#include "base_json.h"
#include <stdlib.h>

#define DEEP 2000

static bool is_deep(struct sv text) {
    size_t opened = 0;
    for (size_t i = 0; i < text.len; i++) {
        opened += text.ptr[i] == '[' || text.ptr[i] == '{' ? 1 : 0;
    }
    return opened > DEEP;
}

static bool read_rows(struct sv text, const char *member, json_t **whole) {
    AUTO_JSON *around = NULL;
    AUTO_JSON *list = json_array();
    struct js_rows rows;
    struct err err = {0};
    if (!js_rows_open(text, 1 << 16, "t", member, &around, &rows, &err)) {
        return false;
    }
    for (;;) {
        json_t *row = NULL;
        if (!js_rows_next(&rows, &row, &err)) {
            return false;
        }
        if (row == NULL) {
            break;
        }
        if (!rows.has_list) {
            abort();
        }
        json_array_append_new(list, row);
    }
    if (!rows.has_list) {
        *whole = json_incref(around);
    } else if (member == NULL) {
        *whole = json_incref(list);
    } else {
        json_object_set(around, member, list);
        *whole = json_incref(around);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sv text = sv_of((const char *)data, size);
    for (int i = 0; i < 2; i++) {
        AUTO_JSON *by_rows = NULL;
        AUTO_JSON *at_once = NULL;
        bool is_read = read_rows(text, i == 0 ? NULL : "r", &by_rows);
        bool is_good = js_parse(text, 1 << 16, "t", &at_once, NULL);
        if (!is_deep(text) && (is_read != is_good || (is_read && !json_equal(by_rows, at_once)))) {
            abort();
        }
    }
    return 0;
}
