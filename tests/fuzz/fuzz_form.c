/* Any bytes as a form, a query and a path. */
#include "web_form.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct web_form form;
    struct sv text = sv_of((const char *)data, size);
    if (web_form_parse(&a, text, &form, &err)) {
        if (form.count > WEB_FORM_PAIRS_MAX) {
            abort();
        }
        for (size_t i = 0; i < form.count; i++) {
            if (!sv_is_utf8(form.pairs[i].name) || !sv_is_utf8(form.pairs[i].value)) {
                abort();
            }
        }
    }
    char *uri =
        arena_printf(&a, "REQUEST_URI=/%.*s", (int)(size < 5000 ? size : 5000), (const char *)data);
    char *params[] = {uri, NULL};
    struct web_request req;
    size_t length = 0;
    if (web_request_read(&a, params, 1000, &req, &length, &err)) {
        if (!sv_is_utf8(req.path) || req.path.len == 0 || req.path.ptr[0] != '/' ||
            sv_find(req.path, '\\') < req.path.len || sv_find(req.path, ';') < req.path.len) {
            abort();
        }
    }
    return 0;
}
