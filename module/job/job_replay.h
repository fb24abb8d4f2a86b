/* Between a reading and the network: keeps what is answered, so that a reading that breaks off is
 * gone on with where it stopped, and lets none go on while the worker ends or the host wants to be
 * left alone. Sources know nothing of it. Stores nothing itself; safe from several threads. */
#pragma once
#include "lti_http.h"
#include "store_sync.h"
#include <pthread.h>
#include <stdatomic.h>

#define JOB_REPLAY_BYTES_MAX ((size_t)32 << 20) /* packed, over all runs of a reading */
#define JOB_REPLAY_PAGES_MAX 5000
#define JOB_REPLAY_PAUSE_MAX_MS 5000 /* that a thread waits */

struct job_replay {
    /* Set by the caller: */
    struct lti_http under;
    const atomic_bool *is_stopping;
    /* POSTs to this URL only read (Moodle's web services); of others nothing is kept. */
    struct sv reads_by_post;
    int parallel; /* requests that may be under way at once */
    /* What an earlier run was answered; NULL: there was none. reply->len 0: not that. */
    bool (*find)(void *ctx, const unsigned char key[32], struct arena *a, struct sv *reply,
                 struct err *err);
    void *find_ctx;
    size_t kept_count, kept_bytes; /* there are, of earlier runs */

    /* What came of it: */
    struct store_kept_page *pages; /* of this run, in the order in which they came */
    size_t count, bytes;
    size_t replayed;             /* requests that an earlier run had made, */
    unsigned char (*served)[32]; /* and their keys: each is answered so once */
    int64_t retry_after_s;       /* as the last refusal said; 0: it did not */
    int64_t wanted_ms;           /* a pause that was too long */
    bool is_last_refused; /* the last request failed or was refused, rather than read wrongly */
    bool is_over;         /* no request is made any more */

    pthread_mutex_t lock;
    struct arena arena;
};

/* After the caller's fields are set. */
void job_replay_init(struct job_replay *r);
void job_replay_release(struct job_replay *r);

/* The network as the reading sees it. Beside what the real one fails with: ERR_UPSTREAM LATER
 * "stopping" (the worker ends), "pause" (the host wants a longer pause than a thread waits). */
struct lti_http job_replay_http(struct job_replay *r);
/* For grades_io: waits, at most JOB_REPLAY_PAUSE_MAX_MS, and no longer than the worker runs. False:
 * it did not, and no further request will be made. */
bool job_replay_pause(void *ctx, int64_t ms);

/* A reading broke off with `why`: how many of `pages` the next run may start from. Where a reply
 * could not be read, it and those that came with it are left out. */
size_t job_replay_good(const struct job_replay *r, const struct err *why);

/* A reply with status, Link and Content-Type, deflated; and back. Fails: ERR_BUG when it is none.
 */
struct sv job_reply_pack(const struct net_response *response, struct arena *a);
NODISCARD bool job_reply_unpack(struct sv packed, struct arena *a, struct net_response *out,
                                struct err *err);
