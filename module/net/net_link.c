#include "net_link.h"

/* One of the quotes that stand around a parameter's value on the wire; moves past it. */
static bool take_quote(struct sv *s) {
    static const struct sv quotes[] = {
        {"\"", 1}, {"'", 1}, {"\xE2\x80\x9C", 3}, {"\xE2\x80\x9D", 3}};
    for (size_t i = 0; i < ARRAY_LEN(quotes); i++) {
        if (sv_starts(*s, quotes[i])) {
            *s = sv_skip(*s, quotes[i].len);
            return true;
        }
    }
    return false;
}

/* A parameter's value: quoted by whichever kind of quote, or a bare token. */
static struct sv take_value(struct sv *s) {
    bool is_quoted = take_quote(s);
    struct sv start = *s;
    while (s->len > 0) {
        struct sv after = *s;
        if (is_quoted ? take_quote(&after) : s->ptr[0] == ';' || s->ptr[0] == ',') {
            struct sv value = sv_head(start, start.len - s->len);
            *s = is_quoted ? after : *s;
            return sv_trim(value);
        }
        *s = sv_skip(*s, 1);
    }
    return sv_trim(start);
}

static bool has_relation(struct sv value, struct sv rel) {
    while (value.len > 0) {
        struct sv word;
        (void)sv_cut(sv_trim(value), ' ', &word, &value);
        if (sv_eq_nocase(word, rel)) {
            return true;
        }
        if (word.len == 0) {
            return false;
        }
    }
    return false;
}

/* The parameters of one link, up to the comma; *is_match by its first rel (RFC 8288 3.3). */
static void take_params(struct sv *s, struct sv rel, bool *is_match) {
    bool is_rel_seen = false;
    *is_match = false;
    while (s->len > 0 && s->ptr[0] != ',') {
        if (s->ptr[0] == ';' || s->ptr[0] == ' ' || s->ptr[0] == '\t') {
            *s = sv_skip(*s, 1);
            continue;
        }
        size_t n = 0;
        while (n < s->len && s->ptr[n] != '=' && s->ptr[n] != ';' && s->ptr[n] != ',') {
            n++;
        }
        struct sv name = sv_trim(sv_head(*s, n));
        *s = sv_skip(*s, n);
        if (s->len == 0 || s->ptr[0] != '=') {
            continue;
        }
        *s = sv_skip(*s, 1);
        while (s->len > 0 && s->ptr[0] == ' ') {
            *s = sv_skip(*s, 1);
        }
        struct sv value = take_value(s);
        if (!is_rel_seen && sv_eq_nocase(name, SV("rel"))) {
            is_rel_seen = true;
            *is_match = has_relation(value, rel);
        }
    }
}

static struct sv unescape_amp(struct arena *a, struct sv url) {
    char *out = arena_alloc(a, url.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < url.len; i++) {
        out[n++] = url.ptr[i];
        if (sv_starts(sv_skip(url, i), SV("&amp;"))) {
            i += 4;
        }
    }
    return sv_of(out, n);
}

bool net_link_find(struct arena *a, struct sv header, struct sv rel, struct sv *url) {
    struct sv s = header;
    while (s.len > 0) {
        s = sv_skip(s, sv_find(s, '<'));
        if (s.len == 0) {
            return false;
        }
        s = sv_skip(s, 1);
        size_t end = sv_find(s, '>');
        if (end == s.len) {
            return false;
        }
        struct sv target = sv_trim(sv_head(s, end));
        s = sv_skip(s, end + 1);
        bool is_match = false;
        take_params(&s, rel, &is_match);
        if (is_match && target.len > 0) {
            *url = unescape_amp(a, target);
            return true;
        }
    }
    return false;
}
