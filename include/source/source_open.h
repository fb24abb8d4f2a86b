/* A deployment's grade source, ready to be read: as stored, and where a developer key stands behind
 * it, with a token that is good now and can be renewed. Used by the worker, the commands and the
 * pages, which must do it in one way.
 *
 * A grant is renewed by one thread of all processes at a time (a lease in the database, no
 * connection is held meanwhile); the others wait for what it brings. A grant that Canvas refuses is
 * marked and not tried again until somebody grants anew. */
#pragma once
#include "grades_source.h"
#include "store.h"

/* Borrowed; must outlive what is opened. */
struct source_use {
    struct store *store; /* with its seal */
    struct lti_http http;
    struct clock clock;
};

/* *out lives in `a`, with renew set where it can be: as long as it is used, so must be `use`.
 * Fails: ERR_NOT_FOUND "source"; ERR_DENIED PARK "not_connected" (nobody has granted anything yet),
 * "grant" or "client" (refused, see grades_oauth.h); ERR_UPSTREAM (Canvas cannot be asked for a
 * token now). */
NODISCARD bool source_open(const struct source_use *use, int64_t institution_id,
                           int64_t deployment_id, struct arena *a, struct grades_source *out,
                           struct err *err);

/* Takes back what was granted: Canvas is told, and the tokens are forgotten here in any case.
 * *untold: why Canvas could not be told, a sentence; empty: it was, or there was nothing to tell.
 * actor_person_id 0: the operator. Fails: ERR_NOT_FOUND "oauth", ERR_DB. */
NODISCARD bool source_revoke(const struct source_use *use, int64_t institution_id,
                             int64_t deployment_id, int64_t actor_person_id, struct arena *a,
                             struct sv *untold, struct err *err);
