#include "web_form.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PART_HEADER_MAX_BYTES 4096
#define FIELD_MAX_BYTES ((size_t)64 * 1024) /* of a body in a file */
#define WINDOW_BYTES ((size_t)64 * 1024)    /* of the file, at once */
#define BOUNDARY_MAX_BYTES 70               /* RFC 2046 5.1.1 */

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

/* A body in memory, or in a file of which only what is asked for is read. */
struct body {
    struct sv memory;
    int fd; /* -1: in memory */
    size_t size;
    struct arena *arena;
    struct err *err;
};

/* `len` bytes from `at` on, or as many as there are. */
static bool body_get(const struct body *b, size_t at, size_t len, struct sv *out) {
    size_t rest = at < b->size ? b->size - at : 0;
    len = len < rest ? len : rest;
    if (b->fd < 0) {
        *out = sv_head(sv_skip(b->memory, at), len);
        return true;
    }
    char *bytes = ARENA_ARRAY(b->arena, char, len + 1);
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(b->fd, bytes + done, len - done, (off_t)(at + done));
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            return err_set(b->err, ERR_BUG, "the body's file ended early (errno %d)", errno);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    *out = sv_of(bytes, len);
    return true;
}

/* Where `what` begins, from `at` on; the body's size: nowhere. */
static bool body_find(const struct body *b, size_t at, struct sv what, size_t *found) {
    AUTO_ARENA a = {0};
    struct body window = *b;
    size_t step = b->fd < 0 ? b->size : WINDOW_BYTES;
    window.arena = &a;
    *found = b->size;
    for (; at < b->size; at += step) {
        struct sv text;
        if (!body_get(&window, at, step + what.len, &text)) {
            return false;
        }
        size_t i = find(text, what);
        if (i < text.len) {
            *found = at + i;
            return true;
        }
        arena_reset(&a);
    }
    return true;
}

static bool part_add(const struct body *b, const struct part *p, size_t at, size_t size,
                     struct web_form *out) {
    struct sv content = {0};
    if ((!p->is_file || b->fd < 0) &&
        ((b->fd >= 0 && size > FIELD_MAX_BYTES) || !body_get(b, at, size, &content))) {
        return false;
    }
    if (p->is_file) {
        if (out->file_count == WEB_FORM_FILES_MAX) {
            return false;
        }
        out->files[out->file_count++] = (struct web_file){.name = p->name,
                                                          .filename = p->filename,
                                                          .content_type = p->content_type,
                                                          .content = content,
                                                          .offset = at,
                                                          .size = size};
        return true;
    }
    if (out->count == WEB_FORM_PAIRS_MAX || !sv_is_utf8(content)) {
        return false;
    }
    out->pairs[out->count++] = (struct web_pair){.name = p->name, .value = content};
    return true;
}

/* One part, from behind its delimiter's line; *at becomes what is behind the next delimiter. */
static bool part_take(const struct body *b, struct sv delimiter, size_t *at, struct web_form *out) {
    struct sv head = {0};
    struct part p = {0};
    size_t end = 0;
    if (!body_get(b, *at, PART_HEADER_MAX_BYTES + 4, &head)) {
        return false;
    }
    size_t blank = find(head, SV("\r\n\r\n"));
    if (blank >= head.len || blank >= PART_HEADER_MAX_BYTES || !headers(sv_head(head, blank), &p)) {
        return false;
    }
    *at += blank + 4;
    if (!body_find(b, *at, delimiter, &end) || end == b->size ||
        !part_add(b, &p, *at, end - *at, out)) {
        return false;
    }
    *at = end + delimiter.len;
    return true;
}

static bool parts_take(const struct body *b, struct sv delimiter, struct web_form *out) {
    struct sv text = {0};
    size_t at = delimiter.len - 2;
    if (!body_get(b, 0, at, &text) || !sv_eq(text, sv_skip(delimiter, 2))) {
        return false;
    }
    for (;;) {
        if (!body_get(b, at, 5, &text)) {
            return false;
        }
        if (!sv_starts(text, SV("\r\n"))) {
            return sv_eq(text, SV("--")) || sv_eq(text, SV("--\r\n"));
        }
        at += 2;
        if (!part_take(b, delimiter, &at, out)) {
            return false;
        }
    }
}

static bool parse(const struct body *b, struct sv content_type, struct web_form *out) {
    struct sv delimiter;
    *out = (struct web_form){.pairs = ARENA_ARRAY(b->arena, struct web_pair, WEB_FORM_PAIRS_MAX),
                             .files = ARENA_ARRAY(b->arena, struct web_file, WEB_FORM_FILES_MAX)};
    return (boundary_of(b->arena, content_type, &delimiter) && parts_take(b, delimiter, out)) ||
           bad(b->err);
}

bool web_multipart_parse(struct arena *a, struct sv content_type, struct sv body,
                         struct web_form *out, struct err *err) {
    const struct body b = {.memory = body, .fd = -1, .size = body.len, .arena = a, .err = err};
    return parse(&b, content_type, out);
}

bool web_multipart_parse_file(struct arena *a, struct sv content_type, int fd, size_t size,
                              struct web_form *out, struct err *err) {
    const struct body b = {.fd = fd, .size = size, .arena = a, .err = err};
    return parse(&b, content_type, out);
}
