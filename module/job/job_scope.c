#include "job_scope.h"

#define MINUTE (60 * USEC_PER_S)
#define WHOLE_AFTER (INT64_C(12) * 60 * MINUTE)
#define WHOLE_PAUSE (5 * MINUTE) /* between two that people asked for */
#define NIGHT_HOUR 1
#define NIGHT_MINUTES 240

usec_t job_scope_whole_due(int64_t course_id, usec_t whole_at, const struct text_zone *zone) {
    usec_t earliest = whole_at + WHOLE_AFTER;
    /* Neighbouring ids are far apart in the night (Knuth's multiplicative hash). */
    uint32_t spread = (uint32_t)course_id * UINT32_C(2654435761);
    int minute = NIGHT_HOUR * 60 + (int)((uint64_t)spread * NIGHT_MINUTES >> 32);
    struct text_civil night = text_zone_civil(zone, earliest);
    night.hour = minute / 60;
    night.minute = minute % 60;
    night.second = 0;
    usec_t due = text_zone_usec(zone, night);
    if (due < earliest) {
        night.day++;
        due = text_zone_usec(zone, night);
    }
    return due;
}

enum grades_scope job_scope_decide(const struct job_scope_case *c, const struct text_zone *zone) {
    bool is_first = c->whole_at == 0 || c->source_read_at == 0;
    bool is_small = c->whole_requests <= JOB_SCOPE_SMALL_REQUESTS;
    bool is_asked = c->whole_requested_at > c->source_read_at && c->now - c->whole_at > WHOLE_PAUSE;
    bool is_whole = is_first || is_small || is_asked ||
                    c->now >= job_scope_whole_due(c->course_id, c->whole_at, zone);
    return is_whole ? GRADES_WHOLE : GRADES_CHANGES;
}
