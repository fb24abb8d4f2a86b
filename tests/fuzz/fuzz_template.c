/* Any bytes as a template. What compiles must render hostile data harmless: no value may bring a
 * '<', a quote or a "javascript:" into the page. */
#include "text_template.h"
#include <stdlib.h>
#include <string.h>

static json_t *hostile(void) {
    static const char text[] = "@<>@\"'&@javascript:@</script>";
    return json_pack("{s:s,s:s,s:[s,s],s:{s:s},s:b,s:n,s:i,s:s}", "x", text, "url", "/a?b&c",
                     "list", text, text, "o", "a", text, "yes", 1, "none", "n", 7, "m",
                     "*a* <b> [x](javascript:1)");
}

static void must_not_have(struct sv out, const char *what) {
    if (memmem(out.ptr, out.len, what, strlen(what)) != NULL) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 4096) {
        return 0;
    }
    AUTO_ARENA a = {0};
    struct err err = {0};
    const struct blob files[] = {
        {.name = "t.html", .bytes = data, .len = size},
        {.name = "u.html", .bytes = (const unsigned char *)"<p>{{n}}", .len = 8}};
    const struct text_templates *t = NULL;
    if (!text_templates_compile(&a, files, 2, &t, &err)) {
        return 0;
    }
    AUTO_JSON *json = hostile();
    struct str out;
    str_init(&out, &a, 1u << 16);
    bool has_marker = memmem(data, size, "@", 1) != NULL;
    if (text_render(t, "t", json, &out, &err) && !has_marker) {
        must_not_have(str_sv(&out), "@<");
        must_not_have(str_sv(&out), "@\"");
        must_not_have(str_sv(&out), "=\"@javascript:");
    }
    return 0;
}
