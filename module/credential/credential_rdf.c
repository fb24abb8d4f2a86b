#include "credential_rdf.h"
#include <string.h>

void credential_dataset_init(struct credential_dataset *set, struct arena *a) {
    *set = (struct credential_dataset){.arena = a};
}

void credential_dataset_add(struct credential_dataset *set, const struct credential_quad *quad) {
    if (set->count == CREDENTIAL_QUADS_MAX) {
        set->is_overflowed = true;
        return;
    }
    if (set->count == set->cap) {
        size_t cap = set->cap == 0 ? 64 : set->cap * 2;
        struct credential_quad *grown = ARENA_ARRAY(set->arena, struct credential_quad, cap);
        if (set->count > 0) {
            memcpy(grown, set->quads, set->count * sizeof *grown);
        }
        set->quads = grown;
        set->cap = cap;
    }
    set->quads[set->count++] = *quad;
}

/* The letter behind the backslash; 0: none, 'u': \u00XX. */
static char escape_of(unsigned char c) {
    switch (c) {
    case '\b':
        return 'b';
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\f':
        return 'f';
    case '\r':
        return 'r';
    case '"':
        return '"';
    case '\\':
        return '\\';
    default:
        return c < 0x20 || c == 0x7f ? 'u' : 0;
    }
}

static void literal_write(struct str *out, struct sv text) {
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        char e = escape_of((unsigned char)text.ptr[i]);
        if (e == 0) {
            continue;
        }
        str_add(out, sv_of(text.ptr + from, i - from));
        from = i + 1;
        if (e == 'u') {
            str_addf(out, "\\u%04X", (unsigned)(unsigned char)text.ptr[i]);
        } else {
            str_add_char(out, '\\');
            str_add_char(out, e);
        }
    }
    str_add(out, sv_skip(text, from));
}

void credential_term_write(struct str *out, const struct credential_term *term) {
    switch (term->kind) {
    case CREDENTIAL_TERM_NONE:
        break;
    case CREDENTIAL_TERM_IRI:
        str_add_char(out, '<');
        str_add(out, term->value);
        str_add_char(out, '>');
        break;
    case CREDENTIAL_TERM_BLANK:
        str_add(out, SV("_:"));
        str_add(out, term->value);
        break;
    case CREDENTIAL_TERM_LITERAL:
    case CREDENTIAL_TERM_TAGGED:
        str_add_char(out, '"');
        literal_write(out, term->value);
        str_add_char(out, '"');
        if (term->kind == CREDENTIAL_TERM_TAGGED) {
            str_add_char(out, '@');
            str_add(out, term->about);
        } else if (term->about.len > 0) {
            str_add(out, SV("^^<"));
            str_add(out, term->about);
            str_add_char(out, '>');
        }
        break;
    }
}

/* UTF-8 keeps the order of code points. UTF-16 differs only where one side has a character past
 * U+FFFF (lead byte F0 and up: surrogates D800-DFFF) and the other U+E000-U+FFFF (EE, EF). */
int credential_utf16_cmp(struct sv left, struct sv right) {
    size_t shorter = left.len < right.len ? left.len : right.len;
    size_t i = 0;
    while (i < shorter && left.ptr[i] == right.ptr[i]) {
        i++;
    }
    if (i == shorter) {
        return left.len < right.len ? -1 : left.len > right.len;
    }
    unsigned l = (unsigned char)left.ptr[i];
    unsigned r = (unsigned char)right.ptr[i];
    bool is_astral_left = l >= 0xF0;
    if (is_astral_left != (r >= 0xF0)) {
        unsigned other = is_astral_left ? r : l;
        if (other == 0xEE || other == 0xEF) {
            return is_astral_left ? -1 : 1;
        }
    }
    return l < r ? -1 : 1;
}
