/* When a course is read again (DESIGN 5): as often as it changes. Pure. */
#pragma once
#include "text_zone.h"

enum job_sync_outcome {
    JOB_SYNC_READ,
    JOB_SYNC_LATER,   /* broke off; by itself it may go better */
    JOB_SYNC_MEND,    /* somebody has to mend something first */
    JOB_SYNC_STOPPING /* the worker ends: another one goes on at once */
};

struct job_sync_seen {
    enum job_sync_outcome outcome;
    usec_t now;
    const struct text_zone *zone; /* the institution's */
    usec_t used_at;               /* somebody launched last; 0: never */
    uint32_t chance;              /* spreads courses that would come together; 0: exactly */
    /* READ */
    bool is_changed;   /* this reading brought something new */
    usec_t changed_at; /* when one before did; 0: never */
    int64_t quiet;     /* good readings without anything new, in a row, this one included */
    bool is_over;
    usec_t ends_at; /* 0: not said */
    /* LATER, MEND */
    int64_t failures; /* in a row, this one included */
    bool got_further; /* than the run before */
    int64_t wait_ms;  /* as long as the host wants us to stay away; 0: it did not say */
};

/* READ: 2 minutes while something changes or people came within the hour; else twice as long after
 * each quiet reading, up to half an hour; up to six hours at night (22 to 6, but not past the
 * morning) and where nobody came for a day. 0, until somebody comes or asks: the course is over, or
 * ended a fortnight ago and nothing changed for a week.
 * LATER: what the host wants; else 30 s for a run that got further, else 5 minutes, twice as long
 * each time, up to six hours. MEND: the same, since a page of a proxy's or pages that lead in a
 * circle look like what somebody has to mend, and pass. STOPPING: now. */
usec_t job_sync_next(const struct job_sync_seen *seen);
