/* N-Quads (RDF 1.1 N-Quads, 4): a hand-written scanner, one line at a time. */
#include "credential_rdf.h"
#include <string.h>

#define XSD_STRING "http://www.w3.org/2001/XMLSchema#string"

struct scan {
    struct arena *arena;
    struct sv rest; /* of the line */
};

static bool skip_one(struct scan *s, char c) {
    if (s->rest.len == 0 || s->rest.ptr[0] != c) {
        return false;
    }
    s->rest = sv_skip(s->rest, 1);
    return true;
}

static void skip_space(struct scan *s) {
    while (skip_one(s, ' ') || skip_one(s, '\t')) {
    }
}

static int hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

static void utf8_add(struct str *out, uint32_t c) {
    if (c < 0x80) {
        str_add_char(out, (char)c);
    } else if (c < 0x800) {
        str_add_char(out, (char)(0xC0 | c >> 6));
        str_add_char(out, (char)(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        str_add_char(out, (char)(0xE0 | c >> 12));
        str_add_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
        str_add_char(out, (char)(0x80 | (c & 0x3F)));
    } else {
        str_add_char(out, (char)(0xF0 | c >> 18));
        str_add_char(out, (char)(0x80 | (c >> 12 & 0x3F)));
        str_add_char(out, (char)(0x80 | (c >> 6 & 0x3F)));
        str_add_char(out, (char)(0x80 | (c & 0x3F)));
    }
}

/* UCHAR, behind its backslash: u and 4, or U and 8, hex digits; no surrogates. */
static bool uchar(struct scan *s, struct str *out) {
    size_t digits = s->rest.ptr[0] == 'u' ? 4 : 8;
    uint32_t c = 0;
    if (s->rest.len < 1 + digits) {
        return false;
    }
    for (size_t i = 1; i <= digits; i++) {
        int v = hex_digit(s->rest.ptr[i]);
        if (v < 0) {
            return false;
        }
        c = c << 4 | (uint32_t)v;
    }
    s->rest = sv_skip(s->rest, 1 + digits);
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000)) {
        return false;
    }
    utf8_add(out, c);
    return true;
}

/* ECHAR or UCHAR, behind its backslash. */
static bool escape(struct scan *s, bool is_iri, struct str *out) {
    static const char from[] = "tbnrf\"'\\";
    static const char to[] = "\t\b\n\r\f\"'\\";
    if (s->rest.len == 0) {
        return false;
    }
    char c = s->rest.ptr[0];
    if (c == 'u' || c == 'U') {
        return uchar(s, out);
    }
    const char *at = c == '\0' || is_iri ? NULL : strchr(from, c);
    if (at == NULL) {
        return false;
    }
    str_add_char(out, to[at - from]);
    s->rest = sv_skip(s->rest, 1);
    return true;
}

/* Up to `end`, with escapes undone; a text without any is borrowed. */
static bool quoted(struct scan *s, char end, bool is_iri, struct sv *out) {
    size_t plain = 0;
    while (plain < s->rest.len && s->rest.ptr[plain] != end && s->rest.ptr[plain] != '\\') {
        plain++;
    }
    if (plain < s->rest.len && s->rest.ptr[plain] == end) {
        *out = sv_head(s->rest, plain);
        s->rest = sv_skip(s->rest, plain + 1);
        return true;
    }
    struct str text;
    str_init(&text, s->arena, s->rest.len + 1);
    while (s->rest.len > 0) {
        char c = s->rest.ptr[0];
        s->rest = sv_skip(s->rest, 1);
        if (c == end) {
            *out = str_sv(&text);
            return true;
        }
        if (c == '\\') {
            if (!escape(s, is_iri, &text)) {
                return false;
            }
        } else {
            str_add_char(&text, c);
        }
    }
    return false;
}

/* IRIREF: a scheme, and none of the characters that no IRI has. */
static bool iri(struct scan *s, struct sv *out) {
    if (!skip_one(s, '<') || !quoted(s, '>', true, out)) {
        return false;
    }
    for (size_t i = 0; i < out->len; i++) {
        unsigned char c = (unsigned char)out->ptr[i];
        if (c <= 0x20 || strchr("<>\"{}|^`\\", c) != NULL) {
            return false;
        }
    }
    size_t colon = sv_find(*out, ':');
    return colon > 0 && colon < out->len;
}

static bool is_label(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':' || c >= 0x80;
}

/* BLANK_NODE_LABEL: no '.' at its end, which is the statement's. */
static bool blank(struct scan *s, struct sv *out) {
    if (!sv_starts(s->rest, SV("_:"))) {
        return false;
    }
    s->rest = sv_skip(s->rest, 2);
    size_t n = 0;
    while (n < s->rest.len && is_label((unsigned char)s->rest.ptr[n])) {
        n++;
    }
    while (n > 0 && s->rest.ptr[n - 1] == '.') {
        n--;
    }
    if (n == 0 || s->rest.ptr[0] == '-' || s->rest.ptr[0] == '.') {
        return false;
    }
    *out = sv_head(s->rest, n);
    s->rest = sv_skip(s->rest, n);
    return true;
}

/* LANGTAG behind its '@': letters, then parts of letters and digits. */
static bool language(struct scan *s, struct sv *out) {
    size_t n = 0;
    size_t part = 0;
    bool is_first = true;
    for (; n < s->rest.len; n++) {
        char c = s->rest.ptr[n];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (c == '-' && part > 0) {
            part = 0;
            is_first = false;
        } else if (is_letter || (!is_first && c >= '0' && c <= '9')) {
            part++;
        } else {
            break;
        }
    }
    *out = sv_head(s->rest, n);
    s->rest = sv_skip(s->rest, n);
    return part > 0;
}

static bool literal(struct scan *s, struct credential_term *term) {
    term->kind = CREDENTIAL_TERM_LITERAL;
    if (!skip_one(s, '"') || !quoted(s, '"', false, &term->value)) {
        return false;
    }
    if (skip_one(s, '@')) {
        term->kind = CREDENTIAL_TERM_TAGGED;
        return language(s, &term->about);
    }
    if (skip_one(s, '^')) {
        if (!skip_one(s, '^') || !iri(s, &term->about)) {
            return false;
        }
        if (sv_eq(term->about, SV(XSD_STRING))) {
            term->about = sv_of(NULL, 0);
        }
    }
    return true;
}

static bool node(struct scan *s, struct credential_term *term) {
    bool is_iri = s->rest.len > 0 && s->rest.ptr[0] == '<';
    term->kind = is_iri ? CREDENTIAL_TERM_IRI : CREDENTIAL_TERM_BLANK;
    return is_iri ? iri(s, &term->value) : blank(s, &term->value);
}

static bool statement(struct scan *s, struct credential_quad *quad) {
    *quad = (struct credential_quad){0};
    if (!node(s, &quad->subject)) {
        return false;
    }
    skip_space(s);
    if (!iri(s, &quad->predicate)) {
        return false;
    }
    skip_space(s);
    bool is_literal = s->rest.len > 0 && s->rest.ptr[0] == '"';
    if (is_literal ? !literal(s, &quad->object) : !node(s, &quad->object)) {
        return false;
    }
    skip_space(s);
    if (s->rest.len > 0 && s->rest.ptr[0] != '.' && !node(s, &quad->graph)) {
        return false;
    }
    skip_space(s);
    if (!skip_one(s, '.')) {
        return false;
    }
    skip_space(s);
    return s->rest.len == 0 || s->rest.ptr[0] == '#';
}

bool credential_nquads_parse(struct sv text, struct credential_dataset *set, struct err *err) {
    if (text.len > CREDENTIAL_NQUADS_BYTES_MAX || !sv_is_utf8(text)) {
        return err_because(err, ERR_INPUT, "nquads", "the N-Quads are too long or no UTF-8");
    }
    struct scan s = {.arena = set->arena};
    for (int line = 1; text.len > 0; line++) {
        size_t end = 0;
        while (end < text.len && text.ptr[end] != '\n' && text.ptr[end] != '\r') {
            end++;
        }
        s.rest = sv_head(text, end);
        text = sv_skip(text, end + 1);
        skip_space(&s);
        if (s.rest.len == 0 || s.rest.ptr[0] == '#') {
            continue;
        }
        struct credential_quad quad;
        if (!statement(&s, &quad)) {
            return err_because(err, ERR_INPUT, "nquads", "line %d is no N-Quads statement", line);
        }
        credential_dataset_add(set, &quad);
        if (set->is_overflowed) {
            return err_because(err, ERR_INPUT, "nquads", "there are more than %d statements",
                               CREDENTIAL_QUADS_MAX);
        }
    }
    return true;
}
