/* Strings: `sv` to read (pointer and length, not NUL-terminated), `str` to build (with a ceiling).
 */
#pragma once
#include "base_arena.h"
#include "base_err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sv {
    const char *ptr; /* may be NULL only when len is 0 */
    size_t len;
};

#define SV(literal) ((struct sv){.ptr = (literal), .len = sizeof(literal) - 1})
/* For a printf "%.*s". */
#define SV_ARG(s) (int)(s).len, (s).ptr == NULL ? "" : (s).ptr

struct sv sv_from(const char *cstr); /* NULL gives an empty one */
struct sv sv_of(const char *ptr, size_t len);
bool sv_eq(struct sv a, struct sv b);
/* ASCII letters compared without case. */
bool sv_eq_nocase(struct sv a, struct sv b);
/* Equal in time that depends on the lengths only. */
bool sv_eq_secret(struct sv a, struct sv b);
bool sv_starts(struct sv s, struct sv prefix);
bool sv_ends(struct sv s, struct sv suffix);
/* Order by bytes, shorter first on a tie: <0, 0, >0. */
int sv_cmp(struct sv a, struct sv b);
/* Index of the first `c`, or s.len. */
size_t sv_find(struct sv s, char c);
/* Without ASCII white space at both ends. */
struct sv sv_trim(struct sv s);
/* `[from, s.len)`; empty when `from` is past the end. */
struct sv sv_skip(struct sv s, size_t from);
struct sv sv_head(struct sv s, size_t len);
/* Cut at the first `sep`: *head before it, *rest after it. False when there is none (all is head).
 */
bool sv_cut(struct sv s, char sep, struct sv *head, struct sv *rest);
bool sv_is_utf8(struct sv s); /* strict: no overlongs, surrogates or NUL */
/* Bytes of the noncharacter at the start of s, which is UTF-8; 0: another character. XML, and what
 * draws PDF, take none of U+FDD0 to U+FDEF, U+FFFE, U+FFFF and their like on other planes
 * (Unicode 23.7). */
size_t sv_noncharacter(struct sv s);
#define SV_REPLACEMENT SV("\xEF\xBF\xBD") /* U+FFFD, in their place */
bool sv_is_printable_ascii(struct sv s);
/* Cut at a character boundary so that at most max_bytes remain. */
struct sv sv_clip_utf8(struct sv s, size_t max_bytes);
/* Copies; sv_c gives a C string (sv has no NUL inside: callers checked). */
struct sv sv_copy(struct arena *a, struct sv s);
char *sv_c(struct arena *a, struct sv s);
struct sv sv_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A builder. Appending past max_bytes marks it as overflowed and drops the rest: check once, at the
 * end, with str_ok. Always NUL-terminated. Memory is the arena's. */
struct str {
    struct arena *arena;
    char *ptr;
    size_t len, cap, max_bytes;
    bool is_overflowed;
};

void str_init(struct str *s, struct arena *a, size_t max_bytes);
/* Room for so many bytes more, at once: appending them copies nothing that is there. */
void str_reserve(struct str *s, size_t bytes);
void str_add(struct str *s, struct sv text);
void str_add_c(struct str *s, const char *text);
void str_add_char(struct str *s, char c);
void str_add_int(struct str *s, int64_t n);
void str_addf(struct str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct sv str_sv(const struct str *s);
/* False with ERR_INPUT naming `what` when something did not fit. */
NODISCARD bool str_ok(const struct str *s, const char *what, struct err *err);
