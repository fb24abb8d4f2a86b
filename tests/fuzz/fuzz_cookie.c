/* Any bytes as Cookie, Accept, Authorization, Origin and Content-Length. */
#include "web_origin.h"
#include "web_response.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    char *text =
        arena_copy(&a, (const char *)data, size); /* headers end at a NUL, as FastCGI's do here */
    char *params[] = {arena_printf(&a, "REQUEST_METHOD=POST"),
                      arena_printf(&a, "REQUEST_URI=/"),
                      arena_printf(&a, "HTTP_COOKIE=%s", text),
                      arena_printf(&a, "HTTP_ACCEPT=%s", text),
                      arena_printf(&a, "HTTP_AUTHORIZATION=%s", text),
                      arena_printf(&a, "HTTP_ORIGIN=%s", text),
                      NULL};
    struct web_request req;
    struct web_response resp;
    size_t length = 0;
    if (!web_request_read(&a, params, 1000, &req, &length, &err)) {
        abort();
    }
    struct sv value;
    if (web_cookie(&req, SV("s"), &value)) {
        web_response_init(&resp, &a);
        struct web_set_cookie back = {.name = SV("s"), .value = value};
        /* What is read as a cookie may be sent as one. */
        if (value.len <= 3072 && !web_cookie_add(&resp, &back, &err)) {
            abort();
        }
    }
    (void)!web_bearer(&req, &value);
    (void)web_prefers(&req, "application/json");
    (void)!web_same_origin_check(&req, SV("https://us.example"), &err);
    struct err origin_err = {0};
    web_response_init(&resp, &a);
    if (web_csp_frame(&resp, sv_from(text), &origin_err)) {
        struct sv origin = resp.csp.frame_ancestors[0];
        if (!sv_is_printable_ascii(origin) || strpbrk(origin.ptr, " ;,'\"*") != NULL) {
            abort();
        }
    }
    char *number = arena_printf(&a, "CONTENT_LENGTH=%s", text);
    char *sized[] = {arena_printf(&a, "REQUEST_URI=/"), number, NULL};
    if (web_request_read(&a, sized, 1000, &req, &length, &err) && length > 1000) {
        abort();
    }
    return 0;
}
