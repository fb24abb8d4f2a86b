/* What the kinds of job share. */
#pragma once
#include "base_json.h"
#include "base_log.h"
#include "job.h"
#include "lti_service.h"
#include "net_fetch.h"
#include "store_job.h"
#include <stdatomic.h>

struct issue;

struct job_app {
    struct job_options options;
    struct lti_tokens *tokens;
    struct issue *issue;
    const atomic_bool *is_stopping; /* the worker ends: long jobs break off */
};

/* One job on its way. */
struct job {
    struct job_app *app;
    struct store *store;
    struct arena *arena;
    const struct store_job *row;
    const json_t *payload;
    usec_t now;
    /* What a platform said of a failure, for an admin: kept with the job, never logged. */
    struct sv said;
};

/* True: done, the job is deleted. False: err->retry says whether it is repeated, parked or given
 * up. */
typedef bool job_kind(struct job *job, struct err *err);

job_kind job_sync;      /* job_sync.c: read a course from its source */
job_kind job_judge;     /* job_judge.c: decide for people whose facts changed */
job_kind job_score;     /* job_score.c: the gradebook column */
job_kind job_scores;    /* job_score.c: all of a course that have none yet */
job_kind job_line;      /* job_line.c: a gradebook column's name */
job_kind job_notices;   /* job_notices.c: where the platform sends its notices */
job_kind job_sign;      /* job_sign.c: awards as signed credentials */
job_kind job_draw;      /* job_draw.c: badges' pictures */
job_kind job_reconcile; /* job_reconcile.c: rules beside awards, each night */
job_kind job_probe;     /* job_probe.c: what a deployment's platform grants */

/* A whole number of the payload. Fails: ERR_BUG. */
NODISCARD bool job_number(const struct job *job, const char *key, int64_t *out, struct err *err);
/* Is the word in a space-separated list (scopes, types)?. */
bool job_has_word(struct sv words, struct sv word);
/* The services of one deployment: the key that signs, the shared tokens, the network. */
NODISCARD bool job_service(struct job *job, int64_t registration_id, struct sv deployment_id,
                           struct lti_service *out, struct err *err);
