#include "base_json.h"
#include <string.h>

/* Finds its way through text without judging it: jansson does that, to what is cut out here. */
struct scan {
    const char *at, *end;
};

static void skip_space(struct scan *s) {
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n')) {
        s->at++;
    }
}

/* Takes this character, and white space in front of it. */
static bool take(struct scan *s, char c) {
    skip_space(s);
    if (s->at == s->end || *s->at != c) {
        return false;
    }
    s->at++;
    return true;
}

/* From the opening quote; *inside is what stands between, escapes and all. */
static bool skip_string(struct scan *s, struct sv *inside) {
    const char *from = ++s->at;
    while (s->at < s->end && *s->at != '"') {
        s->at += *s->at == '\\' && s->end - s->at > 1 ? 2 : 1;
    }
    if (s->at >= s->end) {
        return false;
    }
    *inside = sv_of(from, (size_t)(s->at - from));
    s->at++;
    return true;
}

/* One value of any kind, up to what ends it. */
static bool skip_value(struct scan *s) {
    size_t depth = 0;
    struct sv inside;
    skip_space(s);
    for (const char *from = s->at; s->at < s->end;) {
        char c = *s->at;
        bool opens = c == '{' || c == '[';
        bool closes = c == '}' || c == ']';
        if (depth == 0 && (closes || c == ',')) {
            return s->at > from;
        }
        if (c == '"') {
            if (!skip_string(s, &inside)) {
                return false;
            }
            continue;
        }
        depth = opens ? depth + 1 : closes ? depth - 1 : depth;
        s->at++;
        if (closes && depth == 0) {
            return true;
        }
    }
    return false;
}

/* Stops in front of the value of the first member of this name. */
static bool find_member(struct scan *s, struct sv name) {
    struct sv key;
    if (!take(s, '{')) {
        return false;
    }
    do {
        skip_space(s);
        if (s->at == s->end || *s->at != '"' || !skip_string(s, &key) || !take(s, ':')) {
            return false;
        }
        if (sv_eq(key, name)) {
            return true;
        }
    } while (skip_value(s) && take(s, ','));
    return false;
}

bool js_rows_open(struct sv text, size_t max_bytes, const char *what, const char *member,
                  json_t **around, struct js_rows *out, struct err *err) {
    *out = (struct js_rows){.what = what};
    struct scan s = {.at = text.ptr, .end = text.ptr + text.len};
    if (text.len == 0 || text.len > max_bytes || memchr(text.ptr, 0, text.len) != NULL ||
        (member != NULL && !find_member(&s, sv_from(member))) || !take(&s, '[')) {
        return js_parse(text, max_bytes, what, around, err);
    }
    const char *first = s.at--;
    if (!skip_value(&s)) {
        return js_parse(text, max_bytes, what, around, err); /* says where it breaks off */
    }
    AUTO_ARENA scratch = {0};
    size_t head = (size_t)(first - text.ptr);
    size_t tail = (size_t)(s.end - s.at) + 1;
    char *rest = ARENA_ARRAY(&scratch, char, head + tail);
    memcpy(rest, text.ptr, head);
    memcpy(rest + head, s.at - 1, tail);
    out->rest = sv_of(first, (size_t)(s.at - first));
    out->has_list = true;
    return js_parse(sv_of(rest, head + tail), max_bytes, what, around, err);
}

static bool bad(const struct js_rows *rows, const char *why, struct err *err) {
    return err_because(err, ERR_INPUT, "json", "%s is not valid JSON: %s (row %zu)", rows->what,
                       why, rows->count + 1);
}

bool js_rows_next(struct js_rows *rows, json_t **row, struct err *err) {
    struct scan s = {.at = rows->rest.ptr, .end = rows->rest.ptr + rows->rest.len};
    *row = NULL;
    if (rows->rest.len == 0) {
        return true;
    }
    if (rows->count == 0 && take(&s, ']')) {
        rows->rest = sv_of(NULL, 0);
        return true;
    }
    json_error_t at;
    AUTO_JSON *value =
        json_loadb(s.at, (size_t)(s.end - s.at),
                   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK, &at);
    if (value == NULL) {
        return bad(rows, at.text, err);
    }
    s.at += at.position;
    bool is_last = take(&s, ']') && s.at == s.end;
    if (!is_last && !take(&s, ',')) {
        return bad(rows, "a comma or ']' is missing", err);
    }
    rows->rest = is_last ? sv_of(NULL, 0) : sv_of(s.at, (size_t)(s.end - s.at));
    rows->count++;
    *row = json_incref(value);
    return true;
}
