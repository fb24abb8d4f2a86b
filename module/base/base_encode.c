#include "base_encode.h"
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char ALPHABET_URL[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int digit_value(char c, const char *alphabet) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == alphabet[62] ? 62 : c == alphabet[63] ? 63 : -1;
}

static bool decode(struct arena *a, struct sv text, const char *alphabet, struct sv *bytes,
                   struct err *err) {
    if (text.len % 4 == 1) {
        return err_because(err, ERR_INPUT, "base64", "base64 text has an impossible length");
    }
    unsigned char *out = arena_alloc(a, text.len / 4 * 3 + 3);
    size_t n = 0;
    unsigned acc = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        int v = digit_value(text.ptr[i], alphabet);
        if (v < 0) {
            return err_because(err, ERR_INPUT, "base64",
                               "base64 text has a character outside its alphabet");
        }
        acc = (acc << 6 | (unsigned)v) & 0xFFFFu;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (unsigned char)(acc >> bits);
        }
    }
    if ((acc & ((1u << bits) - 1u)) != 0) {
        return err_because(err, ERR_INPUT, "base64", "base64 text has stray bits at its end");
    }
    *bytes = sv_of((const char *)out, n);
    return true;
}

static struct sv encode(struct arena *a, const unsigned char *p, size_t len, const char *alphabet,
                        bool is_padded) {
    char *out = arena_array(a, len / 3 + 1, 4 + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned v = (unsigned)p[i] << 16 | (left > 1 ? (unsigned)p[i + 1] << 8 : 0u) |
                     (left > 2 ? (unsigned)p[i + 2] : 0u);
        out[n++] = alphabet[v >> 18 & 63u];
        out[n++] = alphabet[v >> 12 & 63u];
        if (left > 1) {
            out[n++] = alphabet[v >> 6 & 63u];
        }
        if (left > 2) {
            out[n++] = alphabet[v & 63u];
        }
    }
    while (is_padded && n % 4 != 0) {
        out[n++] = '=';
    }
    return sv_of(out, n);
}

bool base64url_decode(struct arena *a, struct sv text, struct sv *bytes, struct err *err) {
    return decode(a, text, ALPHABET_URL, bytes, err);
}

struct sv base64url_encode(struct arena *a, const void *bytes, size_t len) {
    return encode(a, bytes, len, ALPHABET_URL, false);
}

bool base64_decode(struct arena *a, struct sv text, struct sv *bytes, struct err *err) {
    if (text.len % 4 != 0) {
        return err_because(err, ERR_INPUT, "base64",
                           "base64 text is not padded to a multiple of 4");
    }
    for (int i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++) {
        text.len--;
    }
    return decode(a, text, ALPHABET, bytes, err);
}

struct sv base64_encode(struct arena *a, const void *bytes, size_t len) {
    return encode(a, bytes, len, ALPHABET, true);
}

struct sv hex_encode(struct arena *a, const void *bytes, size_t len) {
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;
    char *out = arena_array(a, len + 1, 2);
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[p[i] >> 4];
        out[2 * i + 1] = digits[p[i] & 15u];
    }
    return sv_of(out, 2 * len);
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_decode(struct arena *a, struct sv text, struct sv *bytes, struct err *err) {
    char *out = arena_alloc(a, text.len / 2 + 1);
    for (size_t i = 0; i + 1 < text.len; i += 2) {
        int hi = hex_value(text.ptr[i]);
        int lo = hex_value(text.ptr[i + 1]);
        if (hi < 0 || lo < 0) {
            return err_because(err, ERR_INPUT, "hex", "hexadecimal text has another character");
        }
        out[i / 2] = (char)(unsigned char)(hi * 16 + lo);
    }
    if (text.len % 2 != 0) {
        return err_because(err, ERR_INPUT, "hex", "hexadecimal text has an odd length");
    }
    *bytes = sv_of(out, text.len / 2);
    return true;
}

void percent_encode(struct str *out, struct sv text) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (is_plain) {
            str_add_char(out, (char)c);
        } else {
            char coded[3] = {'%', digits[c >> 4], digits[c & 15u]};
            str_add(out, sv_of(coded, 3));
        }
    }
}

bool percent_decode(struct arena *a, struct sv text, bool is_form, struct sv *out,
                    struct err *err) {
    char *p = arena_alloc(a, text.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int hi = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
            int lo = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;
            if (hi < 0 || lo < 0) {
                return err_because(err, ERR_INPUT, "percent",
                                   "a %% is not followed by two hex digits");
            }
            c = (char)(unsigned char)(hi * 16 + lo);
            i += 2;
        } else if (c == '+' && is_form) {
            c = ' ';
        }
        if (c == '\0') {
            return err_because(err, ERR_INPUT, "percent", "encoded text holds a NUL byte");
        }
        p[n++] = c;
    }
    *out = sv_of(p, n);
    return true;
}

void quote_json(struct str *out, struct sv text) {
    str_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\') {
            char pair[2] = {'\\', (char)c};
            str_add(out, sv_of(pair, 2));
        } else if (c < 0x20 || c == 0x7f || c == '<' || c == '>' || c == '&') {
            str_addf(out, "\\u%04x", c);
        } else if (c == 0xE2 && i + 2 < text.len && (unsigned char)text.ptr[i + 1] == 0x80 &&
                   ((unsigned char)text.ptr[i + 2] & 0xFEu) == 0xA8) {
            /* U+2028 and U+2029 end a line in older JavaScript. */
            str_addf(out, "\\u202%c", (unsigned char)text.ptr[i + 2] == 0xA8 ? '8' : '9');
            i += 2;
        } else {
            str_add_char(out, (char)c);
        }
    }
    str_add_char(out, '"');
}

static EVP_MD *sha256_method;

static void sha256_fetch(void) { sha256_method = EVP_MD_fetch(NULL, "SHA256", NULL); }

/* OpenSSL 3 would look the method up anew at every call of SHA256(), which costs more than hashing
 * a line. */
void sha256(const void *bytes, size_t len, unsigned char out[32]) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, sha256_fetch);
    if (sha256_method == NULL || EVP_Digest(bytes, len, out, NULL, sha256_method, NULL) != 1) {
        abort(); /* OpenSSL is broken or out of memory */
    }
}

void hmac_sha256(struct sv key, struct sv bytes, unsigned char out[32]) {
    unsigned len = 0;
    if (key.len > INT_MAX || HMAC(EVP_sha256(), key.ptr, (int)key.len,
                                  (const unsigned char *)bytes.ptr, bytes.len, out, &len) == NULL) {
        abort(); /* OpenSSL is broken or out of memory */
    }
}
