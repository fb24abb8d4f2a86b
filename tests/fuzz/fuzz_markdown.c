/* Any bytes as Markdown: nothing that runs may come out. */
#include "text_markdown.h"
#include <stdlib.h>
#include <string.h>

static void must_not_have(struct sv out, const char *what) {
    if (memmem(out.ptr, out.len, what, strlen(what)) != NULL) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct str out;
    struct sv source = sv_of((const char *)data, size);
    str_init(&out, &a, 1u << 20);
    if (text_markdown(source, &out, &err)) {
        static const char *const never[] = {"<script",     "<img",   "<svg",
                                            "<iframe",     "<style", "href=\"javascript",
                                            "href=\"data", "<!--",   "<a onc"};
        for (size_t i = 0; i < ARRAY_LEN(never); i++) {
            must_not_have(str_sv(&out), never[i]);
        }
        if (!sv_is_utf8(str_sv(&out))) {
            abort();
        }
    }
    struct sv plain;
    if (text_markdown_plain(&a, source, 100, &plain, &err) &&
        (plain.len > 100 || !sv_is_utf8(plain))) {
        abort();
    }
    return 0;
}
