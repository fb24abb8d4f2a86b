#include "base_clock.h"
#include "base_num.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static usec_t read_clock(clockid_t id) {
    struct timespec ts = {0};
    (void)clock_gettime(id, &ts);
    return (usec_t)ts.tv_sec * USEC_PER_S + ts.tv_nsec / 1000;
}

static usec_t system_now(void *ctx) {
    (void)ctx;
    return read_clock(CLOCK_REALTIME);
}

const struct clock clock_system = {.now = system_now};

usec_t clock_now(const struct clock *c) { return c->now(c->ctx); }

usec_t clock_monotonic(void) { return read_clock(CLOCK_MONOTONIC); }

void random_bytes(void *out, size_t len) {
    unsigned char *p = out;
    while (len > 0) {
        ssize_t n = getrandom(p, len < 256 ? len : 256, 0);
        if (n <= 0) {
            abort();
        }
        p += n;
        len -= (size_t)n;
    }
}

void uuid7(usec_t now, char out[37]) {
    unsigned char b[16];
    random_bytes(b, sizeof b);
    uint64_t ms = (uint64_t)(now / 1000);
    for (int i = 0; i < 6; i++) {
        b[i] = (unsigned char)(ms >> (40 - 8 * i));
    }
    b[6] = (unsigned char)(0x70u | (b[6] & 0x0Fu));
    b[8] = (unsigned char)(0x80u | (b[8] & 0x3Fu));
    (void)snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                   b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
                   b[13], b[14], b[15]);
}

bool uuid_is_valid(struct sv text) {
    if (text.len != 36) {
        return false;
    }
    for (size_t i = 0; i < 36; i++) {
        char c = text.ptr[i];
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (is_dash ? c != '-' : !is_hex) {
            return false;
        }
    }
    return true;
}

const char *rfc3339_format(usec_t t, char out[RFC3339_MAX]) {
    time_t s = (time_t)(t / USEC_PER_S);
    struct tm tm = {0};
    (void)gmtime_r(&s, &tm);
    (void)strftime(out, RFC3339_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return out;
}

static bool fixed(struct sv text, size_t at, size_t len, int64_t max, int *out) {
    int64_t n = 0;
    if (text.len < at + len || text.ptr[at] == '-' ||
        !num_parse_i64(sv_of(text.ptr + at, len), 0, max, &n)) {
        return false;
    }
    *out = (int)n;
    return true;
}

static int days_in_month(int year, int month) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

static bool date_at(struct sv text, int *year, int *month, int *day) {
    return text.len >= 10 && text.ptr[4] == '-' && text.ptr[7] == '-' &&
           fixed(text, 0, 4, 9999, year) && fixed(text, 5, 2, 12, month) &&
           fixed(text, 8, 2, 31, day) && *year >= 1 && *month >= 1 && *day >= 1 &&
           *day <= days_in_month(*year, *month);
}

bool date_parse(struct sv text, int *year, int *month, int *day) {
    return text.len == 10 && date_at(text, year, month, day);
}

bool rfc3339_parse(struct sv text, usec_t *out) {
    struct tm tm = {0};
    int year = 0;
    int month = 0;
    if (text.len < 20 || !date_at(text, &year, &month, &tm.tm_mday) ||
        (text.ptr[10] != 'T' && text.ptr[10] != 't' && text.ptr[10] != ' ') ||
        text.ptr[13] != ':' || text.ptr[16] != ':' || !fixed(text, 11, 2, 23, &tm.tm_hour) ||
        !fixed(text, 14, 2, 59, &tm.tm_min) || !fixed(text, 17, 2, 60, &tm.tm_sec)) {
        return false;
    }
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    size_t at = 19;
    int64_t micros = 0;
    if (text.ptr[at] == '.') {
        size_t digits = 0;
        for (at++; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++, digits++) {
            if (digits < 6) {
                micros = micros * 10 + (text.ptr[at] - '0');
            }
        }
        if (digits == 0) {
            return false;
        }
        for (; digits < 6; digits++) {
            micros *= 10;
        }
    }
    struct sv zone = sv_skip(text, at);
    int64_t offset_s = 0;
    if (zone.len == 6 && (zone.ptr[0] == '+' || zone.ptr[0] == '-') && zone.ptr[3] == ':') {
        int hours = 0;
        int minutes = 0;
        if (!fixed(zone, 1, 2, 23, &hours) || !fixed(zone, 4, 2, 59, &minutes)) {
            return false;
        }
        offset_s = ((int64_t)hours * 60 + minutes) * (zone.ptr[0] == '-' ? -60 : 60);
    } else if (!sv_eq_nocase(zone, SV("Z"))) {
        return false;
    }
    *out = ((int64_t)timegm(&tm) - offset_s) * USEC_PER_S + micros;
    return true;
}
