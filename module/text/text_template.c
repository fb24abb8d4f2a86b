#include "text_internal.h"
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 500

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct text_file *)a)->name, ((const struct text_file *)b)->name);
}

static struct text_file *find_exact(const struct text_templates *t, struct sv name) {
    size_t low = 0;
    size_t high = t->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = sv_cmp(name, sv_from(t->files[mid].name));
        if (c == 0) {
            return &t->files[mid];
        }
        if (c < 0) {
            high = mid;
        } else {
            low = mid + 1;
        }
    }
    return NULL;
}

struct text_file *text_file_find(const struct text_templates *t, struct sv name) {
    char with_ending[128];
    struct text_file *f = find_exact(t, name);
    if (f == NULL && name.len + sizeof ".html" <= sizeof with_ending) {
        int n = snprintf(with_ending, sizeof with_ending, "%.*s.html", SV_ARG(name));
        f = find_exact(t, sv_of(with_ending, (size_t)n));
    }
    return f;
}

static bool check_cycles(struct text_file *f, int depth, struct err *err) {
    if (f->is_open || depth > TEXT_DEPTH_MAX) {
        return err_because(err, ERR_BUG, "template", "%s: is part of itself", f->name);
    }
    f->is_open = true;
    for (size_t i = 0; !f->is_checked && i < f->count; i++) {
        /* The table is ours and not yet published. */
        if (f->nodes[i].part != NULL &&
            !check_cycles((struct text_file *)f->nodes[i].part, depth + 1, err)) {
            return false;
        }
    }
    f->is_open = false;
    f->is_checked = true;
    return true;
}

bool text_templates_compile(struct arena *a, const struct blob *files, size_t count,
                            const struct text_templates **out, struct err *err) {
    if (count > FILES_MAX) {
        return err_because(err, ERR_BUG, "template", "there are more than %d templates", FILES_MAX);
    }
    struct text_templates *t = ARENA_NEW(a, struct text_templates);
    t->files = ARENA_ARRAY(a, struct text_file, count + 1);
    t->count = count;
    for (size_t i = 0; i < count; i++) {
        t->files[i].name = files[i].name;
    }
    qsort(t->files, count, sizeof *t->files, by_name);
    for (size_t i = 0; i < count; i++) {
        struct text_file *f = find_exact(t, sv_from(files[i].name));
        if (f == NULL || f->nodes != NULL) {
            return err_because(err, ERR_BUG, "template", "%s: is there twice", files[i].name);
        }
        if (!text_file_parse(a, t, blob_sv(&files[i]), f, err)) {
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (!check_cycles(&t->files[i], 0, err)) {
            return false;
        }
    }
    *out = t;
    return true;
}
