/* How much of a course is read: everything, or what may have changed. Pure. */
#pragma once
#include "grades_source.h"
#include "text_zone.h"

struct job_scope_case {
    int64_t course_id;
    usec_t now;
    usec_t source_read_at;     /* when the last good reading by its source began; 0: never */
    usec_t whole_at;           /* the last one of everything; 0: never, or of another source */
    usec_t whole_requested_at; /* "Check now"; 0: never */
    int64_t whole_requests;    /* what the last one of everything took */
};

/* A course this small is read whole each time: asking for changes would save nothing. */
#define JOB_SCOPE_SMALL_REQUESTS 20

/* Everything is read: the first time, and when the source was changed; when "Check now" was pressed
 * since the last reading, and the last whole one is older than five minutes; at the first reading
 * after the course's own minute of the night, if that is twelve hours after the last whole one; and
 * always of a small course. What a source's list of changes leaves out is so made good within a day
 * and a half at most, and mostly while the school sleeps. */
enum grades_scope job_scope_decide(const struct job_scope_case *c, const struct text_zone *zone);

/* When the course's next reading of everything is due: between one and five at night in its zone,
 * at a minute that is the same each night and another for each course. */
usec_t job_scope_whole_due(int64_t course_id, usec_t whole_at, const struct text_zone *zone);
