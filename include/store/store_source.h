/* Grade sources of deployments. Tokens are sealed, purpose "grade-source", bound to the deployment.
 */
#pragma once
#include "store.h"

struct store_source {
    int64_t institution_id, deployment_id;
    struct sv kind, base_url;
    struct sv token; /* opened by store_source_get only; secret */
    struct sv issuer, client_id, platform_deployment_id, institution; /* of store_source_list */
    usec_t updated_at;
    usec_t refused_at; /* its token was, and it was not set since; 0: not */
    int64_t parallel;  /* requests at once to its host; to set, 0: the kind's own */
};

/* Set or replace. Marks the deployment's courses as due. */
NODISCARD bool store_source_set(struct store *store, const struct store_source *source,
                                struct err *err);
/* Fails: ERR_NOT_FOUND "source" with what to do. */
NODISCARD bool store_source_get(struct store *store, int64_t institution_id, int64_t deployment_id,
                                struct arena *a, struct store_source *out, struct err *err);
/* All, without tokens: for the operator. */
NODISCARD bool store_source_list(struct store *store, struct arena *a, struct store_source **out,
                                 size_t *count, struct err *err);
