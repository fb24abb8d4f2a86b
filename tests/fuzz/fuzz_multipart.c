/* First line: the Content-Type header; the rest: the body. Everything found must lie within the
 * body. */
#include "web_form.h"
#include <stdlib.h>

static void must_lie_within(struct sv part, struct sv body) {
    if (part.len > 0 && (part.ptr < body.ptr || part.ptr + part.len > body.ptr + body.len)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv type;
    struct sv body;
    struct web_form form;
    (void)sv_cut(sv_of((const char *)data, size), '\n', &type, &body);
    if (!web_multipart_parse(&a, type, body, &form, &err)) {
        return 0;
    }
    for (size_t i = 0; i < form.count; i++) {
        must_lie_within(form.pairs[i].name, body);
        must_lie_within(form.pairs[i].value, body);
    }
    for (size_t i = 0; i < form.file_count; i++) {
        must_lie_within(form.files[i].content, body);
        must_lie_within(form.files[i].filename, body);
    }
    return 0;
}
