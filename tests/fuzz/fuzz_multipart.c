/* First line: the Content-Type header; the rest: the body. Everything found must lie within the
 * body. */
#include "web_form.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static void must_lie_within(struct sv part, struct sv body) {
    if (part.len > 0 && (part.ptr < body.ptr || part.ptr + part.len > body.ptr + body.len)) {
        abort();
    }
}

/* The same body in a file is the same form. */
static void must_be_the_same(struct arena *a, struct sv type, struct sv body, bool is_form,
                             const struct web_form *form) {
    struct web_form other;
    struct err err = {0};
    int fd = memfd_create("body", MFD_CLOEXEC);
    if (fd < 0 || write(fd, body.ptr, body.len) != (ssize_t)body.len) {
        abort();
    }
    bool is_same = web_multipart_parse_file(a, type, fd, body.len, &other, &err) == is_form;
    (void)close(fd);
    for (size_t i = 0; is_form && i < form->count; i++) {
        is_same = is_same && sv_eq(form->pairs[i].value, other.pairs[i].value);
    }
    for (size_t i = 0; is_form && i < form->file_count; i++) {
        struct sv there = sv_head(sv_skip(body, other.files[i].offset), other.files[i].size);
        is_same = is_same && sv_eq(form->files[i].content, there);
    }
    if (!is_same) {
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
    bool is_form = web_multipart_parse(&a, type, body, &form, &err);
    must_be_the_same(&a, type, body, is_form, &form);
    if (!is_form) {
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
