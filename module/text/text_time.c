#include "text_time.h"
#include <inttypes.h>

static const char *const MONTHS[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

const char *text_date(const struct text_zone *z, usec_t t, char out[TEXT_TIME_MAX]) {
    struct text_civil c = text_zone_civil(z, t);
    (void)snprintf(out, TEXT_TIME_MAX, "%d %s %d", c.day, MONTHS[c.month - 1], c.year);
    return out;
}

const char *text_date_time(const struct text_zone *z, usec_t t, char out[TEXT_TIME_MAX]) {
    struct text_civil c = text_zone_civil(z, t);
    (void)snprintf(out, TEXT_TIME_MAX, "%d %s %d, %02d:%02d", c.day, MONTHS[c.month - 1], c.year,
                   c.hour, c.minute);
    return out;
}

const char *text_date_iso(const struct text_zone *z, usec_t t, char out[TEXT_TIME_MAX]) {
    struct text_civil c = text_zone_civil(z, t);
    (void)snprintf(out, TEXT_TIME_MAX, "%04d-%02d-%02d", c.year, c.month, c.day);
    return out;
}

const char *text_ago(const struct text_zone *z, usec_t t, usec_t now, char out[TEXT_TIME_MAX]) {
    const int64_t minute = 60;
    const int64_t hour = 60 * minute;
    const int64_t day = 24 * hour;
    int64_t past_s = t >= now ? 0 : (now - t) / USEC_PER_S;
    if (past_s >= 30 * day) {
        return text_date(z, t, out);
    }
    if (past_s < minute) {
        (void)snprintf(out, TEXT_TIME_MAX, "just now");
        return out;
    }
    char count[TEXT_TIME_MAX];
    if (past_s < hour) {
        (void)text_count(past_s / minute, "minute", "minutes", count);
    } else if (past_s < day) {
        (void)text_count(past_s / hour, "hour", "hours", count);
    } else {
        (void)text_count(past_s / day, "day", "days", count);
    }
    (void)snprintf(out, TEXT_TIME_MAX, "%.50s ago", count);
    return out;
}

const char *text_until(const struct text_zone *z, usec_t t, usec_t now, char out[TEXT_TIME_MAX]) {
    const int64_t minute = 60;
    const int64_t hour = 60 * minute;
    const int64_t day = 24 * hour;
    char what[TEXT_TIME_MAX];
    if (t <= now) {
        (void)snprintf(out, TEXT_TIME_MAX, "now");
        return out;
    }
    int64_t left_s = (t - now + USEC_PER_S - 1) / USEC_PER_S;
    if (left_s <= minute) {
        (void)snprintf(out, TEXT_TIME_MAX, "in a minute");
        return out;
    }
    if (left_s >= 30 * day) {
        (void)snprintf(out, TEXT_TIME_MAX, "on %.50s", text_date(z, t, what));
        return out;
    }
    if (left_s <= 59 * minute) {
        (void)text_count((left_s + minute - 1) / minute, "minute", "minutes", what);
    } else if (left_s <= 23 * hour) {
        (void)text_count((left_s + hour - 1) / hour, "hour", "hours", what);
    } else {
        (void)text_count((left_s + day - 1) / day, "day", "days", what);
    }
    (void)snprintf(out, TEXT_TIME_MAX, "in %.50s", what);
    return out;
}

const char *text_count(int64_t n, const char *one, const char *many, char out[TEXT_TIME_MAX]) {
    char digits[24];
    char grouped[32];
    (void)snprintf(digits, sizeof digits, "%" PRIu64, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
    size_t len = strlen(digits);
    size_t at = 0;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            grouped[at++] = ',';
        }
        grouped[at++] = digits[i];
    }
    grouped[at] = '\0';
    (void)snprintf(out, TEXT_TIME_MAX, "%s%s %.20s", n < 0 ? "-" : "", grouped,
                   n == 1 ? one : many);
    return out;
}
