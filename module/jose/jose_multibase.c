#include "jose_multibase.h"
#include "base_encode.h"
#include <string.h>

static const char ALPHABET[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/* Bytes to digits: log 256 / log 58 is under 1.366. */
#define DIGITS_MAX (JOSE_BASE58_BYTES_MAX * 1366 / 1000 + 1)

static size_t count_leading(const unsigned char *p, size_t len, unsigned char what) {
    size_t n = 0;
    while (n < len && p[n] == what) {
        n++;
    }
    return n;
}

/* number = number * from + value, in a little-endian number of `*used` digits of base `to`. */
static void push(unsigned char *digits, size_t *used, unsigned from, unsigned to, unsigned value) {
    unsigned carry = value;
    for (size_t i = 0; i < *used; i++) {
        carry += digits[i] * from;
        digits[i] = (unsigned char)(carry % to);
        carry /= to;
    }
    for (; carry > 0; carry /= to) {
        digits[(*used)++] = (unsigned char)(carry % to);
    }
}

struct sv jose_multibase_z(struct arena *a, const void *bytes, size_t len) {
    if (len > JOSE_BASE58_BYTES_MAX) {
        abort();
    }
    const unsigned char *p = bytes;
    unsigned char digits[DIGITS_MAX + 8];
    size_t used = 0;
    size_t zeros = count_leading(p, len, 0);
    for (size_t i = zeros; i < len; i++) {
        push(digits, &used, 256, 58, p[i]);
    }
    char *out = arena_alloc(a, 1 + zeros + used + 1);
    out[0] = 'z';
    memset(out + 1, '1', zeros);
    for (size_t i = 0; i < used; i++) {
        out[1 + zeros + i] = ALPHABET[digits[used - 1 - i]];
    }
    return sv_of(out, 1 + zeros + used);
}

static bool base58_decode(struct arena *a, struct sv text, struct sv *bytes, struct err *err) {
    unsigned char number[JOSE_BASE58_BYTES_MAX + 8];
    size_t used = 0;
    if (text.len > DIGITS_MAX) {
        return err_because(err, ERR_INPUT, "multibase", "base58 text is too long");
    }
    size_t zeros = count_leading((const unsigned char *)text.ptr, text.len, '1');
    for (size_t i = zeros; i < text.len; i++) {
        const char *at = text.ptr[i] == '\0' ? NULL : strchr(ALPHABET, text.ptr[i]);
        if (at == NULL) {
            return err_because(err, ERR_INPUT, "multibase",
                               "base58 text has a character outside its alphabet");
        }
        push(number, &used, 58, 256, (unsigned)(at - ALPHABET));
    }
    char *out = arena_alloc(a, zeros + used + 1);
    for (size_t i = 0; i < used; i++) {
        out[zeros + i] = (char)number[used - 1 - i];
    }
    *bytes = sv_of(out, zeros + used);
    return true;
}

bool jose_multibase_decode(struct arena *a, struct sv text, struct sv *bytes, struct err *err) {
    struct err inner = {0};
    if (text.len > 0 && text.ptr[0] == 'z') {
        return base58_decode(a, sv_skip(text, 1), bytes, err);
    }
    if (text.len > 0 && text.ptr[0] == 'u') {
        return base64url_decode(a, sv_skip(text, 1), bytes, &inner) ||
               err_because(err, ERR_INPUT, "multibase", "%s", inner.text);
    }
    return err_because(err, ERR_INPUT, "multibase",
                       "encoded text begins with neither z (base58) nor u (base64url)");
}
