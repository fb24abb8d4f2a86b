#include "grades_table.h"

bool grades_table_text(struct sv *file, size_t max_bytes, struct err *err) {
    if (file->len > max_bytes) {
        return err_because(err, ERR_INPUT, "size", "the file is larger than %zu MiB",
                           max_bytes >> 20);
    }
    if (sv_starts(*file, SV("\xEF\xBB\xBF"))) {
        *file = sv_skip(*file, 3);
    }
    if (!sv_is_utf8(*file)) {
        return err_because(err, ERR_INPUT, "utf8",
                           "the file is not UTF-8 text: save it as \"CSV UTF-8\"");
    }
    return file->len > 0 || err_because(err, ERR_INPUT, "empty", "the file is empty");
}

char grades_table_separator(struct sv file) {
    static const char marks[] = {',', ';', '\t'};
    size_t counts[sizeof marks] = {0};
    bool is_quoted = false;
    for (size_t i = 0; i < file.len && (is_quoted || (file.ptr[i] != '\n' && file.ptr[i] != '\r'));
         i++) {
        is_quoted = file.ptr[i] == '"' ? !is_quoted : is_quoted;
        for (size_t k = 0; k < sizeof marks && !is_quoted; k++) {
            counts[k] += file.ptr[i] == marks[k] ? 1 : 0;
        }
    }
    size_t best = 0;
    for (size_t k = 1; k < sizeof marks; k++) {
        best = counts[k] > counts[best] ? k : best;
    }
    return marks[best];
}
