#include "base_num.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 18

bool num_parse_i64(struct sv text, int64_t min, int64_t max, int64_t *out) {
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    struct sv digits = is_negative ? sv_skip(text, 1) : text;
    if (digits.len == 0 || digits.len > 19) {
        return false;
    }
    int64_t n = 0;
    for (size_t i = 0; i < digits.len; i++) {
        int d = digits.ptr[i] - '0';
        if (d < 0 || d > 9 || __builtin_mul_overflow(n, (int64_t)10, &n) ||
            (is_negative ? __builtin_sub_overflow(n, (int64_t)d, &n)
                         : __builtin_add_overflow(n, (int64_t)d, &n))) {
            return false;
        }
    }
    if (n < min || n > max) {
        return false;
    }
    *out = n;
    return true;
}

static void normalise(struct dec *d) {
    while (d->scale > 0 && d->mantissa % 10 == 0) {
        d->mantissa /= 10;
        d->scale--;
    }
    if (d->mantissa == 0) {
        d->scale = 0;
    }
}

/* Reads digits of `s` from *at; returns how many. */
static size_t digit_run(struct sv s, size_t at) {
    size_t n = 0;
    while (at + n < s.len && s.ptr[at + n] >= '0' && s.ptr[at + n] <= '9') {
        n++;
    }
    return n;
}

bool dec_parse(struct sv text, struct dec *out) {
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    size_t at = is_negative ? 1 : 0;
    size_t whole = digit_run(text, at);
    size_t fraction_at = at + whole;
    size_t fraction = 0;
    if (whole == 0 || text.len > 400) {
        return false;
    }
    size_t end = fraction_at;
    if (end < text.len && text.ptr[end] == '.') {
        fraction = digit_run(text, end + 1);
        if (fraction == 0) {
            return false;
        }
        end += 1 + fraction;
    }
    int64_t exponent = 0;
    if (end < text.len && (text.ptr[end] == 'e' || text.ptr[end] == 'E')) {
        struct sv e = sv_skip(text, end + 1);
        if (e.len > 0 && e.ptr[0] == '+') {
            e = sv_skip(e, 1);
            if (e.len > 0 && e.ptr[0] == '-') {
                return false;
            }
        }
        if (!num_parse_i64(e, -400, 400, &exponent)) {
            return false;
        }
        end = text.len;
    }
    if (end != text.len) {
        return false;
    }
    /* Digits d1 d2 ... with the point after `point` of them. */
    int64_t point = (int64_t)whole + exponent;
    int64_t mantissa = 0;
    int kept = 0;
    int64_t index = 0; /* of the next digit */
    int64_t last_kept = 0;
    for (size_t i = at; i < fraction_at + (fraction > 0 ? 1 + fraction : 0); i++) {
        if (text.ptr[i] == '.') {
            continue;
        }
        int d = text.ptr[i] - '0';
        index++;
        if (kept == 0 && d == 0) {
            last_kept = index;
            continue;
        }
        /* Past 18 digits or 18 places after the point the rest is cut, toward zero. */
        if (kept == DIGITS_MAX || index - point > DIGITS_MAX) {
            break;
        }
        mantissa = mantissa * 10 + d;
        kept++;
        last_kept = index;
    }
    int64_t scale = last_kept - point;
    if (mantissa == 0) {
        *out = (struct dec){0};
        return true;
    }
    while (scale < 0) {
        if (mantissa > INT64_C(99999999999999999)) {
            return false;
        }
        mantissa *= 10;
        scale++;
    }
    while (scale > DIGITS_MAX) {
        mantissa /= 10;
        scale--;
    }
    *out = (struct dec){.mantissa = is_negative ? -mantissa : mantissa, .scale = (int)scale};
    normalise(out);
    return true;
}

struct dec dec_from_i64(int64_t n) {
    struct dec d = {.mantissa = n};
    return d;
}

bool dec_from_double(double d, struct dec *out) {
    if (!isfinite(d)) {
        return false;
    }
    char text[48];
    int n = snprintf(text, sizeof text, "%.15g", d);
    return n > 0 && dec_parse(sv_of(text, (size_t)n), out);
}

static __int128 power10(int n) {
    __int128 p = 1;
    for (int i = 0; i < n; i++) {
        p *= 10;
    }
    return p;
}

double dec_to_double(struct dec d) { return (double)d.mantissa / (double)power10(d.scale); }

/* A number as a mantissa of at most 38 digits and a scale of at most 36. */
struct wide {
    __int128 mantissa;
    int scale;
};

/* Compares without ever aligning the scales (that could overflow): whole parts first, then the
 * fractions digit by digit, as in long division. */
static int wide_cmp_magnitude(struct wide a, struct wide b) {
    __int128 pa = power10(a.scale);
    __int128 pb = power10(b.scale);
    __int128 qa = a.mantissa / pa;
    __int128 qb = b.mantissa / pb;
    __int128 ra = a.mantissa % pa;
    __int128 rb = b.mantissa % pb;
    while (qa == qb && (ra != 0 || rb != 0)) {
        ra *= 10;
        rb *= 10;
        qa = ra / pa;
        qb = rb / pb;
        ra %= pa;
        rb %= pb;
    }
    return (qa > qb) - (qa < qb);
}

static int wide_cmp(struct wide a, struct wide b) {
    int sa = (a.mantissa > 0) - (a.mantissa < 0);
    int sb = (b.mantissa > 0) - (b.mantissa < 0);
    if (sa != sb) {
        return sa < sb ? -1 : 1;
    }
    if (sa < 0) {
        a.mantissa = -a.mantissa;
        b.mantissa = -b.mantissa;
        return -wide_cmp_magnitude(a, b);
    }
    return wide_cmp_magnitude(a, b);
}

int dec_cmp(struct dec a, struct dec b) {
    return wide_cmp((struct wide){.mantissa = a.mantissa, .scale = a.scale},
                    (struct wide){.mantissa = b.mantissa, .scale = b.scale});
}

int dec_cmp_percent(struct dec part, struct dec whole, struct dec percent) {
    struct wide left = {.mantissa = (__int128)part.mantissa * 100, .scale = part.scale};
    struct wide right = {.mantissa = (__int128)percent.mantissa * whole.mantissa,
                         .scale = percent.scale + whole.scale};
    return wide_cmp(left, right);
}

struct dec dec_sub(struct dec a, struct dec b) {
    int scale = a.scale > b.scale ? a.scale : b.scale;
    __int128 m = a.mantissa * power10(scale - a.scale) - b.mantissa * power10(scale - b.scale);
    while (scale > 0 && (m > INT64_MAX || m < INT64_MIN)) {
        m /= 10;
        scale--;
    }
    struct dec d = {.mantissa = (int64_t)m, .scale = scale};
    normalise(&d);
    return d;
}

struct dec dec_percent(struct dec part, struct dec whole) {
    /* part*1000/whole in tenths; the scales differ by at most 18, 19+3+18 digits overflow only for
     * mantissas no grade has, so those digits are given up first. */
    __int128 top = (__int128)part.mantissa * 1000;
    __int128 bottom = whole.mantissa;
    int up = whole.scale - part.scale;
    for (; up > 0 && top < power10(37) && top > -power10(37); up--) {
        top *= 10;
    }
    for (; up > 0; up--) {
        bottom /= 10;
    }
    for (; up < 0; up++) {
        bottom *= 10;
    }
    struct dec d = {.mantissa = bottom == 0 ? 0 : (int64_t)(top / bottom), .scale = 1};
    normalise(&d);
    return d;
}

const char *dec_format(struct dec d, char out[DEC_TEXT_MAX]) {
    uint64_t m = d.mantissa < 0 ? 0 - (uint64_t)d.mantissa : (uint64_t)d.mantissa;
    uint64_t p = (uint64_t)power10(d.scale);
    const char *sign = d.mantissa < 0 ? "-" : "";
    if (d.scale == 0) {
        (void)snprintf(out, DEC_TEXT_MAX, "%s%llu", sign, (unsigned long long)m);
    } else {
        (void)snprintf(out, DEC_TEXT_MAX, "%s%llu.%0*llu", sign, (unsigned long long)(m / p),
                       d.scale, (unsigned long long)(m % p));
    }
    return out;
}

bool dec_is_zero(struct dec d) { return d.mantissa == 0; }

bool dec_is_negative(struct dec d) { return d.mantissa < 0; }
