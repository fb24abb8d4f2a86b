#include "base_str.h"
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct sv sv_from(const char *cstr) {
    return sv_of(cstr, cstr == NULL ? 0 : strlen(cstr));
}

struct sv sv_of(const char *ptr, size_t len) {
    return (struct sv){.ptr = ptr, .len = len};
}

bool sv_eq(struct sv a, struct sv b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static int ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

bool sv_eq_nocase(struct sv a, struct sv b) {
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.ptr[i]) != ascii_lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

bool sv_eq_secret(struct sv a, struct sv b) {
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool sv_starts(struct sv s, struct sv prefix) {
    return s.len >= prefix.len && sv_eq(sv_of(s.ptr, prefix.len), prefix);
}

bool sv_ends(struct sv s, struct sv suffix) {
    return s.len >= suffix.len && sv_eq(sv_skip(s, s.len - suffix.len), suffix);
}

int sv_cmp(struct sv a, struct sv b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);
    if (c != 0) {
        return c;
    }
    return (a.len > b.len) - (a.len < b.len);
}

size_t sv_find(struct sv s, char c) {
    const char *p = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);
    return p == NULL ? s.len : (size_t)(p - s.ptr);
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

struct sv sv_trim(struct sv s) {
    while (s.len > 0 && is_space(s.ptr[0])) {
        s = sv_skip(s, 1);
    }
    while (s.len > 0 && is_space(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

struct sv sv_skip(struct sv s, size_t from) {
    return from >= s.len ? sv_of(s.ptr, 0) : sv_of(s.ptr + from, s.len - from);
}

struct sv sv_head(struct sv s, size_t len) {
    return sv_of(s.ptr, len < s.len ? len : s.len);
}

bool sv_cut(struct sv s, char sep, struct sv *head, struct sv *rest) {
    size_t at = sv_find(s, sep);
    *head = sv_head(s, at);
    *rest = sv_skip(s, at + 1);
    return at < s.len;
}

/* Bytes of the character at the start of s, 0 when it is no valid UTF-8 (Unicode 15, table 3-7). */
static size_t utf8_len(const unsigned char *p, size_t left) {
    if (p[0] < 0x80) {
        return 1;
    }
    size_t need = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || left < need) {
        return 0;
    }
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xC0u) != 0x80u) {
            return 0;
        }
    }
    bool is_bad = (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ||
                  (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F);
    return is_bad ? 0 : need;
}

bool sv_is_utf8(struct sv s) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    for (size_t i = 0; i < s.len;) {
        size_t n = utf8_len(p + i, s.len - i);
        if (n == 0 || p[i] == 0) {
            return false;
        }
        i += n;
    }
    return true;
}

size_t sv_noncharacter(struct sv s) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    if (s.len < 3 || p[0] < 0xEF) {
        return 0;
    }
    if (p[0] == 0xEF) {
        bool is_last = p[1] == 0xBF && p[2] >= 0xBE;
        return is_last || (p[1] == 0xB7 && p[2] >= 0x90 && p[2] <= 0xAF) ? 3 : 0;
    }
    return s.len >= 4 && (p[1] & 0x0Fu) == 0x0F && p[2] == 0xBF && p[3] >= 0xBE ? 4 : 0;
}

bool sv_is_printable_ascii(struct sv s) {
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e) {
            return false;
        }
    }
    return true;
}

struct sv sv_clip_utf8(struct sv s, size_t max_bytes) {
    if (s.len <= max_bytes) {
        return s;
    }
    size_t len = max_bytes;
    while (len > 0 && ((unsigned char)s.ptr[len] & 0xC0u) == 0x80u) {
        len--;
    }
    return sv_of(s.ptr, len);
}

struct sv sv_copy(struct arena *a, struct sv s) {
    return sv_of(arena_copy(a, s.ptr, s.len), s.len);
}

char *sv_c(struct arena *a, struct sv s) { return arena_copy(a, s.ptr, s.len); }

struct sv sv_printf(struct arena *a, const char *fmt, ...) {
    va_list ap;
    va_list again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n;
    char *p = arena_array(a, len + 1, 1);
    (void)vsnprintf(p, len + 1, fmt, again);
    va_end(again);
    return sv_of(p, len);
}

void str_init(struct str *s, struct arena *a, size_t max_bytes) {
    *s = (struct str){.arena = a, .max_bytes = max_bytes, .cap = 64};
    if (s->cap > max_bytes + 1) {
        s->cap = max_bytes + 1;
    }
    s->ptr = arena_alloc(a, s->cap);
}

static bool has_room(struct str *s, size_t more) {
    if (s->is_overflowed || more > s->max_bytes - s->len) {
        s->is_overflowed = true;
        return false;
    }
    size_t need = s->len + more + 1;
    if (need <= s->cap) {
        return true;
    }
    size_t cap = s->cap;
    while (cap < need) {
        cap *= 2;
    }
    if (cap > s->max_bytes + 1) {
        cap = s->max_bytes + 1;
    }
    char *p = arena_alloc(s->arena, cap);
    memcpy(p, s->ptr, s->len);
    s->ptr = p;
    s->cap = cap;
    return true;
}

void str_reserve(struct str *s, size_t bytes) { (void)has_room(s, bytes); }

void str_add(struct str *s, struct sv text) {
    if (text.len > 0 && has_room(s, text.len)) {
        memcpy(s->ptr + s->len, text.ptr, text.len);
        s->len += text.len;
        s->ptr[s->len] = '\0';
    }
}

void str_add_c(struct str *s, const char *text) { str_add(s, sv_from(text)); }

void str_add_char(struct str *s, char c) {
    if (has_room(s, 1)) {
        s->ptr[s->len++] = c;
        s->ptr[s->len] = '\0';
    }
}

void str_add_int(struct str *s, int64_t n) { str_addf(s, "%lld", (long long)n); }

void str_addf(struct str *s, const char *fmt, ...) {
    char small[256];
    va_list ap;
    va_list again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof small) {
        str_add(s, sv_of(small, (size_t)n));
    } else if (n >= 0 && has_room(s, (size_t)n)) {
        (void)vsnprintf(s->ptr + s->len, (size_t)n + 1, fmt, again);
        s->len += (size_t)n;
    }
    va_end(again);
}

struct sv str_sv(const struct str *s) {
    return sv_of(s->ptr, s->len);
}

bool str_ok(const struct str *s, const char *what, struct err *err) {
    if (s->is_overflowed) {
        return err_because(err, ERR_INPUT, "too_long", "%s is longer than %zu bytes", what,
                           s->max_bytes);
    }
    return true;
}
