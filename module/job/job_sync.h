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
    bool is_of_few; /* of those whose work is newest, and no reading of the course */
    bool has_news;  /* they had some, and it is merged */
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
/* What a few were asked for in vain: the host's part in it is noted, and the rest comes to light
 * when the course is read. False: for the queue to try again. */
NODISCARD bool sync_run_told(const struct sync_run *run, const struct err *why, struct err *err);
