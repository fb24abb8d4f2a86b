#include "text_zone_internal.h"

#define DAY_S 86400

/* Both after H. Hinnant, "chrono-compatible low-level date algorithms": eras of 400 years. */
int64_t zone_days(int64_t year, int month, int64_t day) {
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void zone_date(int64_t days, int *year, int *month, int *day) {
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2 ? 1 : 0));
}

static bool take(struct sv *s, char c) {
    if (s->len == 0 || s->ptr[0] != c) {
        return false;
    }
    *s = sv_skip(*s, 1);
    return true;
}

static bool number(struct sv *s, int max, int *out) {
    size_t n = 0;
    *out = 0;
    while (n < s->len && n < 4 && s->ptr[n] >= '0' && s->ptr[n] <= '9') {
        *out = *out * 10 + (s->ptr[n] - '0');
        n++;
    }
    *s = sv_skip(*s, n);
    return n > 0 && *out <= max;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static bool name(struct sv *s) {
    size_t n = 0;
    if (take(s, '<')) {
        n = sv_find(*s, '>');
        bool is_good = n >= 3 && n < s->len;
        *s = sv_skip(*s, n + 1);
        return is_good;
    }
    while (n < s->len && is_letter(s->ptr[n])) {
        n++;
    }
    *s = sv_skip(*s, n);
    return n >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool hms(struct sv *s, int max_hours, int *out_s) {
    bool is_negative = take(s, '-');
    if (!is_negative) {
        (void)take(s, '+');
    }
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    if (!number(s, max_hours, &hours) || (take(s, ':') && !number(s, 59, &minutes)) ||
        (take(s, ':') && !number(s, 59, &seconds))) {
        return false;
    }
    *out_s = (is_negative ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
    return true;
}

static bool change(struct sv *s, struct zone_change *c) {
    bool is_good = false;
    if (take(s, 'M')) {
        c->kind = ZONE_DAY_MONTH;
        is_good = number(s, 12, &c->month) && c->month >= 1 && take(s, '.') &&
                  number(s, 5, &c->week) && c->week >= 1 && take(s, '.') && number(s, 6, &c->day);
    } else if (take(s, 'J')) {
        c->kind = ZONE_DAY_JULIAN;
        is_good = number(s, 365, &c->day) && c->day >= 1;
    } else {
        c->kind = ZONE_DAY_ZERO_BASED;
        is_good = number(s, 365, &c->day);
    }
    c->time_s = 2 * 3600;
    return is_good && (!take(s, '/') || hms(s, 167, &c->time_s));
}

bool zone_rule_parse(struct sv text, struct zone_rule *out) {
    *out = (struct zone_rule){0};
    struct sv s = text;
    int west_s = 0;
    if (!name(&s) || !hms(&s, 24, &west_s)) {
        return false;
    }
    out->std_s = -west_s;
    if (s.len == 0) {
        return true;
    }
    out->has_dst = true;
    out->dst_s = out->std_s + 3600;
    if (!name(&s)) {
        return false;
    }
    if (s.len > 0 && s.ptr[0] != ',') {
        if (!hms(&s, 24, &west_s)) {
            return false;
        }
        out->dst_s = -west_s;
    }
    return take(&s, ',') && change(&s, &out->to_dst) && take(&s, ',') && change(&s, &out->to_std) &&
           s.len == 0;
}

static bool is_leap(int64_t y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; }

static int64_t change_day(const struct zone_change *c, int64_t year) {
    int64_t new_year = zone_days(year, 1, 1);
    if (c->kind == ZONE_DAY_ZERO_BASED) {
        return new_year + c->day;
    }
    if (c->kind == ZONE_DAY_JULIAN) {
        return new_year + c->day - 1 + (c->day >= 60 && is_leap(year) ? 1 : 0);
    }
    int64_t first = zone_days(year, c->month, 1);
    int64_t week_day = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
    int64_t day = first + ((c->day - week_day) % 7 + 7) % 7 + (int64_t)7 * (c->week - 1);
    int64_t next = c->month == 12 ? zone_days(year + 1, 1, 1) : zone_days(year, c->month + 1, 1);
    return day >= next ? day - 7 : day;
}

int32_t zone_rule_offset(const struct zone_rule *r, int64_t t_s) {
    if (!r->has_dst) {
        return r->std_s;
    }
    int year = 0;
    int month = 0;
    int day = 0;
    int64_t local_s = t_s + r->std_s;
    zone_date((local_s >= 0 ? local_s : local_s - (DAY_S - 1)) / DAY_S, &year, &month, &day);
    int64_t start = change_day(&r->to_dst, year) * DAY_S + r->to_dst.time_s - r->std_s;
    int64_t end = change_day(&r->to_std, year) * DAY_S + r->to_std.time_s - r->dst_s;
    bool is_dst = start < end ? t_s >= start && t_s < end : !(t_s >= end && t_s < start);
    return is_dst ? r->dst_s : r->std_s;
}
