/* One run of a reading: how it begins, and what follows when it ended well or broke off. What is
 * read and saved in between is job_sync.c's. */
#pragma once
#include "grades_source.h"
#include "job_internal.h"
#include "job_replay.h"
#include "store_course.h"

struct sync_run {
    struct job *job; /* its `now` is when the reading began, be it in an earlier run */
    struct store_course course;
    struct store_source source;
    struct store_sync sync;
    struct store_kept kept;
    struct job_replay replay;
    bool has_news; /* those who were read first had some, and it is merged */
};

/* *is_wanted false: there is nothing to do (the source's token was refused, and nobody asked by
 * hand), or what failed is told already; else sync_run_release follows. */
NODISCARD bool sync_run_begin(struct sync_run *run, bool *is_wanted, struct err *err);
void sync_run_release(struct sync_run *run);

/* The reading is saved. */
NODISCARD bool sync_run_done(struct sync_run *run, const struct grades_reading *reading,
                             const struct store_reading_result *result, struct err *err);
/* It broke off with `why`. True: that is told, and the course comes again; the job is over. */
NODISCARD bool sync_run_failed(struct sync_run *run, const struct err *why, struct err *err);
