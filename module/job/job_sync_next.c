#include "job_sync_next.h"

#define MINUTE (60 * USEC_PER_S)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define BUSY (2 * MINUTE)
#define BY_DAY_MAX (30 * MINUTE)
#define LONG_MAX (6 * HOUR)
#define MORNING 6
#define EVENING 22

/* Up to an eighth longer. */
static usec_t spread(const struct job_sync_seen *seen, usec_t interval) {
    return interval + interval / 8 * (usec_t)(seen->chance % 1024) / 1024;
}

static usec_t doubled(usec_t first, int64_t times, usec_t most) {
    usec_t interval = first;
    while (times-- > 0 && interval < most) {
        interval *= 2;
    }
    return interval < most ? interval : most;
}

static bool is_within(usec_t t, usec_t now, usec_t span) { return t != 0 && now - t <= span; }

static bool is_finished(const struct job_sync_seen *seen) {
    bool is_long_past = seen->ends_at != 0 && seen->now - seen->ends_at > 14 * DAY;
    return !seen->is_changed &&
           (seen->is_over || (is_long_past && !is_within(seen->changed_at, seen->now, 7 * DAY)));
}

static bool is_night(struct text_civil c) { return c.hour >= EVENING || c.hour < MORNING; }

static usec_t morning_after(const struct text_zone *zone, struct text_civil c) {
    c.day += c.hour >= EVENING ? 1 : 0;
    c.hour = MORNING;
    c.minute = 0;
    c.second = 0;
    return text_zone_usec(zone, c);
}

static usec_t after_reading(const struct job_sync_seen *seen) {
    if (is_finished(seen)) {
        return 0;
    }
    if (seen->is_changed || is_within(seen->used_at, seen->now, HOUR)) {
        return seen->now + spread(seen, BUSY);
    }
    struct text_civil here = text_zone_civil(seen->zone, seen->now);
    bool is_asleep = is_night(here);
    bool is_unused = !is_within(seen->used_at, seen->now, DAY);
    usec_t interval = doubled(BUSY, seen->quiet, is_asleep || is_unused ? LONG_MAX : BY_DAY_MAX);
    usec_t next = seen->now + spread(seen, interval);
    usec_t morning = morning_after(seen->zone, here);
    if (is_asleep && !is_unused && next > morning) {
        next = morning + spread(seen, BY_DAY_MAX) - BY_DAY_MAX; /* not all at six */
    }
    return next;
}

usec_t job_sync_next(const struct job_sync_seen *seen) {
    switch (seen->outcome) {
    case JOB_SYNC_READ:
        return after_reading(seen);
    case JOB_SYNC_STOPPING:
        return seen->now;
    case JOB_SYNC_LATER:
    case JOB_SYNC_MEND:
        break;
    }
    usec_t wanted = seen->wait_ms * 1000 < LONG_MAX ? seen->wait_ms * 1000 : LONG_MAX;
    if (wanted > 0) {
        return seen->now + spread(seen, wanted);
    }
    return seen->now + spread(seen, seen->got_further
                                        ? MINUTE / 2
                                        : doubled(5 * MINUTE, seen->failures - 1, LONG_MAX));
}
