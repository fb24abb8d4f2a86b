/* The runs of a reading: when one begins and ends, what comes next, and what one that broke off
 * leaves for the next (DESIGN 5). Times are the database's, so that any worker may go on. */
#pragma once
#include "store_source.h"

/* A course's rhythm so far. */
struct store_sync {
    usec_t started_at; /* now: whatever was asked for until then is in this run */
    usec_t used_at;    /* somebody launched last; 0: never */
    usec_t changed_at; /* a reading last brought something new; 0: never */
    int64_t quiet;     /* good readings since, in a row */
    int64_t failures;  /* in a row */
};
/* is_of_few: it is of those few only whose work is newest, so the course's own begins later.
 * Fails: ERR_NOT_FOUND. */
NODISCARD bool store_sync_start(struct store *store, int64_t institution_id, int64_t course_id,
                                bool is_of_few, struct store_sync *out, struct err *err);

/* The reading that began at `started_at` (0: this run) is saved: forget what was kept of it. Next
 * at `next_at` (0: when somebody asks), or at once for whoever asked while an earlier run of it was
 * under way. */
struct store_sync_end {
    int64_t institution_id, course_id;
    usec_t started_at, next_at;
    bool is_changed;
};
NODISCARD bool store_sync_done(struct store *store, const struct store_sync_end *end,
                               struct err *err);
/* It broke off: what the course's pages say until the next one (empty: as before), when that is,
 * and how many in a row have failed. */
struct store_sync_failure {
    int64_t institution_id, course_id;
    struct sv text;
    usec_t next_at;
    int64_t failures;
};
NODISCARD bool store_sync_failed(struct store *store, const struct store_sync_failure *failure,
                                 struct err *err);

/* The token of the source, as it was read, was refused: no course of the deployment is read by
 * itself until the source is set anew, and all of them say why. */
NODISCARD bool store_source_refused(struct store *store, const struct store_source *source,
                                    struct sv text, struct err *err);
/* A token that had been refused was accepted: the deployment's courses are due. */
NODISCARD bool store_source_accepted(struct store *store, const struct store_source *source,
                                     struct err *err);

/* What earlier runs of a reading were answered. */
struct store_kept {
    usec_t started_at; /* when the first of them began; 0: there is nothing to go on with */
    int64_t count, bytes;
};
/* One reply, packed as it was handed to store_kept_add. */
struct store_kept_page {
    unsigned char key[32];
    struct sv reply;
};
/* Forgets what is too old (half an hour, or three since the first run), of another source or of a
 * reading that is saved. */
NODISCARD bool store_kept_begin(struct store *store, int64_t institution_id, int64_t course_id,
                                const struct store_source *source, struct store_kept *out,
                                struct err *err);
/* reply.len 0: there is none. */
NODISCARD bool store_kept_get(struct store *store, int64_t institution_id, int64_t course_id,
                              const unsigned char key[32], struct arena *a, struct sv *reply,
                              struct err *err);
NODISCARD bool store_kept_add(struct store *store, int64_t institution_id, int64_t course_id,
                              const struct store_source *source, usec_t started_at,
                              const struct store_kept_page *pages, size_t count, struct err *err);
NODISCARD bool store_kept_forget(struct store *store, int64_t institution_id, int64_t course_id,
                                 struct err *err);

/* For the operator: courses with badges whose last reading failed, the latest first. */
struct store_failing {
    struct sv institution, title, error;
    usec_t failed_at, next_read_at; /* 0: when somebody asks */
};
/* *all: how many there are; *count: how many are told, at most `most`. */
NODISCARD bool store_sync_failing(struct store *store, int64_t most, struct arena *a,
                                  struct store_failing **out, size_t *count, int64_t *all,
                                  struct err *err);
