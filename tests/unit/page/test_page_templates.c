#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base_blob.h"
#include "base_json.h"
#include "text_template.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

extern const struct blob blob_templates[];
extern const size_t blob_templates_count;

#define FIXTURES TEST_SOURCE_DIR "/fixture/pages"
#define BASES_MAX 8

static json_t *load(struct arena *a, struct sv name) {
    json_error_t problem;
    json_t *fixture =
        json_load_file(arena_printf(a, FIXTURES "/%.*s.json", SV_ARG(name)), 0, &problem);
    if (fixture == NULL) {
        fail_msg("%.*s: %s", SV_ARG(name), problem.text);
    }
    return fixture;
}

/* The fixture's data on top of its base's; *template is the one that the last base names. */
static json_t *resolve(struct arena *a, struct sv name, struct sv *template, int depth) {
    AUTO_JSON *fixture = load(a, name);
    const json_t *base = json_object_get(fixture, "base");
    json_t *data = json_object_get(fixture, "data");
    assert_true(depth < BASES_MAX);
    if (base == NULL) {
        *template = sv_copy(a, js_sv(json_object_get(fixture, "template")));
        return json_incref(data);
    }
    json_t *out = resolve(a, js_sv(base), template, depth + 1);
    assert_int_equal(json_object_update(out, data), 0);
    return out;
}

static void render(const struct text_templates *templates, struct sv name) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct sv template = {0};
    struct str out;
    str_init(&out, &a, 8u << 20);
    AUTO_JSON *data = resolve(&a, name, &template, 0);
    if (!text_render(templates, sv_c(&a, template), data, &out, &err)) {
        fail_msg("%.*s: %s", SV_ARG(name), err.text);
    }
    if (!sv_ends(sv_trim(str_sv(&out)), SV("</html>"))) {
        fail_msg("%.*s: the page does not end", SV_ARG(name));
    }
}

static const struct text_templates *compiled(struct arena *a) {
    struct err err = {0};
    const struct text_templates *templates = NULL;
    if (!text_templates_compile(a, blob_templates, blob_templates_count, &templates, &err)) {
        fail_msg("%s", err.text);
    }
    return templates;
}

static void templates__compile(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    assert_true(blob_templates_count > 10);
    assert_non_null(compiled(&a));
}

static void templates__render_every_fixture(void **state) {
    (void)state;
    AUTO_ARENA a = {0};
    const struct text_templates *templates = compiled(&a);
    DIR *dir = opendir(FIXTURES);
    size_t count = 0;
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct sv name = sv_from(entry->d_name);
        if (sv_ends(name, SV(".json"))) {
            render(templates, sv_head(name, name.len - 5));
            count++;
        }
    }
    (void)closedir(dir);
    assert_true(count >= 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates__compile),
        cmocka_unit_test(templates__render_every_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
