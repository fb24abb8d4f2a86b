#include "badge_input.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_BYTES 60 /* of foreign text in a message */

/* A scanner over text that js_parse has accepted: it only has to find its way. */
struct scan {
    struct sv text;
    size_t at;
};

static char peek(const struct scan *s) {
    static const char end = '\0';
    return *(s->at < s->text.len ? &s->text.ptr[s->at] : &end);
}

static void skip_space(struct scan *s) {
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r') {
        s->at++;
    }
}

/* Past the string that begins here. */
static struct sv skip_string(struct scan *s) {
    size_t from = s->at++;
    while (s->at < s->text.len && peek(s) != '"') {
        s->at += peek(s) == '\\' ? 2 : 1;
    }
    s->at++;
    return sv_head(sv_skip(s->text, from), s->at - from);
}

static void skip_value(struct scan *s) {
    size_t depth = 0;
    do {
        char c = peek(s);
        if (c == '"') {
            (void)skip_string(s);
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
        }
        s->at++;
        if (depth == 0 && c != '}' && c != ']') {
            /* a number or a word goes on until something that cannot be part of it */
            while (s->at < s->text.len && strchr(",]} \t\r\n", peek(s)) == NULL) {
                s->at++;
            }
        }
    } while (depth > 0 && s->at < s->text.len);
}

static bool is_key(struct sv quoted, const char *key) {
    if (sv_find(quoted, '\\') == quoted.len) {
        return sv_eq(sv_of(quoted.ptr + 1, quoted.len - 2), sv_from(key));
    }
    AUTO_JSON *v = json_loadb(quoted.ptr, quoted.len, JSON_DECODE_ANY, NULL);
    return sv_eq(js_sv(v), sv_from(key));
}

/* At the first character of an object or array: move to its member. *key_at is where its name
 * stands. */
static bool step_into(struct scan *s, const struct badge_path *to, size_t *key_at) {
    bool is_object = peek(s) == '{';
    s->at++;
    for (size_t i = 0; s->at < s->text.len; i++) {
        skip_space(s);
        if (peek(s) == '}' || peek(s) == ']') {
            return false;
        }
        *key_at = s->at;
        bool is_found = to->key == NULL && i == to->index;
        if (is_object) {
            struct sv name = skip_string(s);
            is_found = to->key != NULL && is_key(name, to->key);
            skip_space(s);
            s->at++; /* the colon */
            skip_space(s);
        }
        if (is_found) {
            return true;
        }
        skip_value(s);
        skip_space(s);
        if (peek(s) == ',') {
            s->at++;
        }
    }
    return false;
}

#define PATH_STEPS_MAX 64

/* Where the value at `path` begins; where it is missing, its nearest ancestor that is there. */
static size_t locate(struct sv text, const struct badge_path *path, bool wants_key) {
    const struct badge_path *steps[PATH_STEPS_MAX];
    size_t count = 0;
    for (const struct badge_path *p = path; p->up != NULL && count < PATH_STEPS_MAX; p = p->up) {
        steps[count++] = p;
    }
    struct scan s = {.text = text};
    skip_space(&s);
    size_t key_at = s.at;
    while (count > 0) {
        size_t here = s.at;
        if (!step_into(&s, steps[--count], &key_at)) {
            return here;
        }
    }
    return wants_key ? key_at : s.at;
}

static void add_path(struct str *out, const struct badge_path *path) {
    if (path->up != NULL) {
        add_path(out, path->up);
    }
    if (path->key != NULL) {
        struct sv shown = sv_clip_utf8(sv_from(path->key), SHOWN_BYTES);
        str_addf(out, "%s%.*s", out->len > 0 ? "." : "", SV_ARG(shown));
    } else if (path->up != NULL) {
        str_addf(out, "[%zu]", path->index);
    }
}

static bool bad_at(const struct badge_doc *doc, const struct badge_path *path, size_t at,
                   const char *text) {
    int line = 1;
    int column = 1;
    for (size_t i = 0; i < at && i < doc->text.len; i++) {
        char c = doc->text.ptr[i];
        if (c == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)c & 0xC0u) != 0x80u) {
            column++;
        }
    }
    AUTO_ARENA a;
    arena_init(&a);
    struct str name;
    str_init(&name, &a, 1024);
    add_path(&name, path);
    return err_because(doc->err, ERR_INPUT, "badge_input", "%s %s (line %d, column %d)",
                       name.len == 0 ? "the file" : name.ptr, text, line, column);
}

bool badge_bad(const struct badge_doc *doc, const struct badge_path *path, const char *fmt, ...) {
    char text[400];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return bad_at(doc, path, locate(doc->text, path, false), text);
}

size_t badge_chars(struct sv text) {
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        n += ((unsigned char)text.ptr[i] & 0xC0u) != 0x80u;
    }
    return n;
}

#define DISTANCE_BYTES 64

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

size_t badge_distance(struct sv a, struct sv b) {
    a = sv_head(a, DISTANCE_BYTES);
    b = sv_head(b, DISTANCE_BYTES);
    size_t row[DISTANCE_BYTES + 1];
    for (size_t j = 0; j <= b.len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = diagonal + (lower(a.ptr[i - 1]) == lower(b.ptr[j - 1]) ? 0 : 1);
            diagonal = row[j];
            best = diagonal + 1 < best ? diagonal + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[b.len];
}

bool badge_only_keys(const struct badge_doc *doc, const struct badge_path *path, const json_t *obj,
                     const char *const *known, size_t count) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)obj, key, value) {
        const char *nearest = known[0];
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < count && best > 0; i++) {
            size_t d = badge_distance(sv_from(key), sv_from(known[i]));
            d += d == 0 && strcmp(key, known[i]) != 0; /* another case is another name */
            if (d < best) {
                best = d;
                nearest = known[i];
            }
        }
        if (best > 0) {
            char text[120];
            (void)snprintf(text, sizeof text, "is not a known name here; did you mean \"%s\"?",
                           nearest);
            struct badge_path at = BADGE_AT_KEY(path, key);
            return bad_at(doc, &at, locate(doc->text, &at, true), text);
        }
    }
    return true;
}

static bool has_control(struct sv text, bool has_lines) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool is_line = c == '\n' || c == '\r' || c == '\t';
        if (c == 0x7f || (c < 0x20 && !(has_lines && is_line)) ||
            sv_noncharacter(sv_skip(text, i)) > 0) {
            return true;
        }
    }
    return false;
}

bool badge_text_value(struct arena *a, const struct badge_doc *doc, const struct badge_path *path,
                      const json_t *value, struct badge_text_limit limit, struct sv *out) {
    if (!json_is_string(value)) {
        return badge_bad(doc, path, "must be text in quotes");
    }
    struct sv text = js_sv(value);
    if (limit.is_required && sv_trim(text).len == 0) {
        return badge_bad(doc, path, "is empty; write some text");
    }
    if (badge_chars(text) > limit.max_chars) {
        return badge_bad(doc, path, "has %zu characters; at most %zu fit", badge_chars(text),
                         limit.max_chars);
    }
    if (has_control(text, limit.has_lines)) {
        return badge_bad(doc, path, "holds %s; take them out",
                         limit.has_lines ? "control characters"
                                         : "line breaks or control characters");
    }
    *out = sv_copy(a, text);
    return true;
}

bool badge_text_member(struct arena *a, const struct badge_doc *doc, const struct badge_path *path,
                       const json_t *obj, const char *key, struct badge_text_limit limit,
                       struct sv *out) {
    const json_t *value = json_object_get(obj, key);
    *out = sv_of(NULL, 0);
    if (value == NULL || json_is_null(value)) {
        return limit.is_required ? badge_bad(doc, path, "needs \"%s\"", key) : true;
    }
    struct badge_path at = BADGE_AT_KEY(path, key);
    return badge_text_value(a, doc, &at, value, limit, out);
}

struct sv badge_json_text(struct arena *a, const json_t *value, size_t indent) {
    /* 15 digits are what js_decimal reads a double back as. */
    size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);
    flags |= indent > 0 ? JSON_INDENT(indent) : JSON_COMPACT;
    char *text = json_dumps(value, flags);
    struct sv copy = sv_copy(a, sv_from(text));
    free(text);
    return copy;
}
