/* The queue of background work (directory table job): leases, back-off, dead letters. */
#pragma once
#include "store.h"

struct store_job {
    int64_t id, institution_id;
    struct sv kind;    /* "sync", "judge", "score", "purge" */
    struct sv payload; /* JSON object */
    int64_t attempts;  /* this one included */
    int64_t priority;
    struct sv lane; /* of a sync job: the host it reads from, "https://lms.example"; else empty */
    int64_t slots;  /* requests it may have under way there at once */
};

/* Priorities: of a reading that somebody asked for by hand, and by a launch or an event. */
#define STORE_JOB_BY_HAND 15
#define STORE_JOB_ASKED 10

#define STORE_JOB_LEASE_S 30

/* Add one, unless the same kind and dedupe waits already (then its priority and time only get
 * better). Wakes a worker. */
struct store_job_new {
    int64_t institution_id;
    struct sv kind, dedupe, payload;
    int64_t priority;
    usec_t run_at; /* 0: now */
};
NODISCARD bool store_job_add(struct store *store, const struct store_job_new *job, struct err *err);
/* Lease the next due job for STORE_JOB_LEASE_S; jobs whose lease ran out count as due again. Over
 * all workers a lane never holds more slots than its host allows, an institution no more than three
 * jobs, and nothing of a lane whose host is out of reach is taken (job_take in
 * sql/migrate/0007_lanes.sql says the order). *is_found false: nothing is due. */
NODISCARD bool store_job_take(struct store *store, struct arena *a, struct store_job *out,
                              bool *is_found, struct err *err);
/* Keep the leases of jobs that are still running. */
NODISCARD bool store_job_renew(struct store *store, const int64_t *ids, size_t count,
                               struct err *err);
/* Done: the job is deleted. */
NODISCARD bool store_job_done(struct store *store, int64_t id, struct err *err);
/* Failed: again at `run_at`, or, with `state` "parked" (a person must change something) or "dead",
 * kept for an admin to see. */
NODISCARD bool store_job_failed(struct store *store, int64_t id, struct sv state, usec_t run_at,
                                struct sv text, struct err *err);
/* Add sync jobs for courses that are due: asked for, or next_read_at has come. Every worker may
 * call it as often as it likes. */
NODISCARD bool store_job_schedule(struct store *store, struct err *err);
/* The same, and nothing waits so that readings do not follow each other too closely: for whoever
 * works once and ends. */
NODISCARD bool store_job_schedule_now(struct store *store, struct err *err);
/* How many wait, are leased, parked, dead. */
struct store_job_counts {
    int64_t waiting, due, leased, parked, dead;
};
NODISCARD bool store_job_count(struct store *store, struct store_job_counts *out, struct err *err);
/* Block until a job was added, at most wait_ms. One connection of the pool is kept for it. */
struct store_job_bell;
NODISCARD bool store_job_bell_open(struct store *store, struct store_job_bell **out,
                                   struct err *err);
void store_job_bell_close(struct store_job_bell *bell);
void store_job_bell_wait(struct store_job_bell *bell, int wait_ms);
