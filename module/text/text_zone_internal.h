/* Internal to text: what a zone is made of. */
#pragma once
#include "text_zone.h"

enum zone_day_kind {
    ZONE_DAY_JULIAN,     /* Jn: 1..365, 29 February never counts */
    ZONE_DAY_ZERO_BASED, /* n: 0..365 */
    ZONE_DAY_MONTH       /* Mm.w.d: the w-th d-day of month m, 5 is the last */
};

struct zone_change {
    enum zone_day_kind kind;
    int day; /* or week day, 0 is Sunday */
    int month, week;
    int time_s; /* after midnight of that day, on the clock before the change */
};

/* What holds after the last transition of the file (RFC 8536 3.3; POSIX XBD 8.3, TZ). */
struct zone_rule {
    bool has_dst;
    int32_t std_s, dst_s; /* east of UTC */
    struct zone_change to_dst, to_std;
};

struct text_zone {
    size_t count;
    const int64_t *at_s;    /* ascending */
    const int32_t *after_s; /* offset from then on */
    int32_t before_s;       /* offset before the first */
    bool has_rule;
    struct zone_rule rule;
};

/* Days since 1970-01-01; month 1..12, any day. */
int64_t zone_days(int64_t year, int month, int64_t day);
void zone_date(int64_t days, int *year, int *month, int *day);

NODISCARD bool zone_rule_parse(struct sv text, struct zone_rule *out);
int32_t zone_rule_offset(const struct zone_rule *r, int64_t t_s);
