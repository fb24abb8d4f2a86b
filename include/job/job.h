/* Background work (DESIGN 5, "Grade to badge"): a few threads take jobs from the queue, each kind
 * in a file of its own. Every step is idempotent and every outside effect is a job, so a worker may
 * be killed at any moment: its jobs' leases run out and another goes on. */
#pragma once
#include "base_clock.h"
#include "base_str.h"

struct store;
struct net_client;

struct job_options {
    struct store *store;
    struct net_client *net;
    struct clock clock;
    struct sv base_url; /* our own address, for platforms; borrowed */
    int threads;        /* jobs at once */
};

/* Work until SIGTERM or SIGINT (which must be blocked in all threads); readings
 * break off and are gone on with by the next worker, other jobs under way are finished.
 */
NODISCARD bool job_run(const struct job_options *options, struct err *err);
/* Work until nothing is due, then return. Fails: ERR_DB. */
NODISCARD bool job_run_once(const struct job_options *options, struct err *err);
