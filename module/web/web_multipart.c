#include "web_form.h"
#include <string.h>

#define PART_HEADER_MAX_BYTES 4096
#define BOUNDARY_MAX_BYTES 70 /* RFC 2046 5.1.1 */

static bool bad(struct err *err) {
    return err_because(err, ERR_INPUT, "form", "The upload is not encoded as a web form is.");
}

/* The value of a parameter ("boundary", "name") in `; key=value; key="value"`. Browsers
 * percent-encode quotes in quoted values (WHATWG HTML, multipart/form-data encoding), so the next
 * quote ends it. */
static bool parameter(struct sv rest, const char *key, struct sv *out) {
    while (rest.len > 0) {
        rest = sv_trim(rest);
        size_t eq = sv_find(rest, '=');
        struct sv name = sv_trim(sv_head(rest, eq));
        struct sv value;
        rest = sv_skip(rest, eq + 1);
        if (rest.len > 0 && rest.ptr[0] == '"') {
            rest = sv_skip(rest, 1);
            size_t end = sv_find(rest, '"');
            if (end == rest.len) {
                return false;
            }
            value = sv_head(rest, end);
            rest = sv_trim(sv_skip(rest, end + 1));
            if (rest.len > 0 && rest.ptr[0] != ';') {
                return false;
            }
            rest = sv_skip(rest, 1);
        } else {
            struct sv tail;
            (void)sv_cut(rest, ';', &value, &tail);
            value = sv_trim(value);
            rest = tail;
        }
        if (sv_eq_nocase(name, sv_from(key))) {
            *out = value;
            return true;
        }
    }
    return false;
}

static bool boundary_of(struct arena *a, struct sv content_type, struct sv *out) {
    struct sv type;
    struct sv params;
    struct sv boundary;
    if (!sv_cut(content_type, ';', &type, &params) || !parameter(params, "boundary", &boundary) ||
        boundary.len == 0 || boundary.len > BOUNDARY_MAX_BYTES ||
        !sv_is_printable_ascii(boundary)) {
        return false;
    }
    *out = sv_printf(a, "\r\n--%.*s", SV_ARG(boundary));
    return true;
}

static size_t find(struct sv s, struct sv what) {
    const char *p = s.len == 0 ? NULL : memmem(s.ptr, s.len, what.ptr, what.len);
    return p == NULL ? s.len : (size_t)(p - s.ptr);
}

struct part {
    struct sv name, filename, content_type;
    bool is_file;
};

static bool header_line(struct sv line, struct part *p) {
    struct sv name;
    struct sv value;
    if (!sv_cut(line, ':', &name, &value)) {
        return false;
    }
    value = sv_trim(value);
    if (sv_eq_nocase(name, SV("Content-Type"))) {
        p->content_type = value;
    }
    if (!sv_eq_nocase(name, SV("Content-Disposition"))) {
        return true;
    }
    struct sv kind;
    struct sv params;
    if (p->name.ptr != NULL || !sv_cut(value, ';', &kind, &params) ||
        !sv_eq_nocase(sv_trim(kind), SV("form-data")) || !parameter(params, "name", &p->name)) {
        return false;
    }
    p->is_file = parameter(params, "filename", &p->filename);
    return sv_is_utf8(p->name) && sv_is_utf8(p->filename);
}

static bool headers(struct sv text, struct part *p) {
    while (text.len > 0) {
        size_t end = find(text, SV("\r\n"));
        if (!header_line(sv_head(text, end), p)) {
            return false;
        }
        text = sv_skip(text, end + 2);
    }
    return p->name.ptr != NULL;
}

static bool part_add(const struct part *p, struct sv content, struct web_form *out) {
    if (p->is_file) {
        if (out->file_count == WEB_FORM_FILES_MAX) {
            return false;
        }
        out->files[out->file_count++] = (struct web_file){.name = p->name,
                                                          .filename = p->filename,
                                                          .content_type = p->content_type,
                                                          .content = content};
        return true;
    }
    if (out->count == WEB_FORM_PAIRS_MAX || !sv_is_utf8(content)) {
        return false;
    }
    out->pairs[out->count++] = (struct web_pair){.name = p->name, .value = content};
    return true;
}

bool web_multipart_parse(struct arena *a, struct sv content_type, struct sv body,
                         struct web_form *out, struct err *err) {
    *out = (struct web_form){.pairs = ARENA_ARRAY(a, struct web_pair, WEB_FORM_PAIRS_MAX),
                             .files = ARENA_ARRAY(a, struct web_file, WEB_FORM_FILES_MAX)};
    struct sv delimiter;
    if (!boundary_of(a, content_type, &delimiter) || !sv_starts(body, sv_skip(delimiter, 2))) {
        return bad(err);
    }
    struct sv rest = sv_skip(body, delimiter.len - 2);
    while (sv_starts(rest, SV("\r\n"))) {
        rest = sv_skip(rest, 2);
        size_t blank = find(sv_head(rest, PART_HEADER_MAX_BYTES), SV("\r\n\r\n"));
        struct part p = {0};
        if (blank + 4 > rest.len || blank >= PART_HEADER_MAX_BYTES ||
            !headers(sv_head(rest, blank), &p)) {
            return bad(err);
        }
        rest = sv_skip(rest, blank + 4);
        size_t end = find(rest, delimiter);
        if (end == rest.len || !part_add(&p, sv_head(rest, end), out)) {
            return bad(err);
        }
        rest = sv_skip(rest, end + delimiter.len);
    }
    return sv_eq(rest, SV("--")) || sv_eq(rest, SV("--\r\n")) || bad(err);
}
