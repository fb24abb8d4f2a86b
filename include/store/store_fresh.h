/* How fresh a course's grades are, and what its next reading waits for. */
#pragma once
#include "store.h"

struct store_fresh {
    struct sv source_kind; /* "moodle"..., empty: no grade source is set for its deployment */
    usec_t synced_at, requested_at;
    usec_t failed_at;    /* of a reading since the last good one; 0: none */
    struct sv error;     /* its words; else empty */
    usec_t next_read_at; /* 0: only when somebody asks */
    bool is_over;        /* the course, by its source */
    bool is_reading;     /* by a worker at this moment */
    bool is_queued;      /* due, and no worker has begun */
    usec_t waits_until;  /* a reading that is to wait until then; 0: none */
};

/* Fails: ERR_NOT_FOUND "course". */
NODISCARD bool store_fresh_get(struct store *store, int64_t institution_id, int64_t course_id,
                               struct arena *a, struct store_fresh *out, struct err *err);
