/* Grade sources of deployments. Tokens are sealed, purpose "grade-source", bound to the deployment.
 */
#pragma once
#include "store.h"

struct store_source {
    int64_t institution_id, deployment_id;
    struct sv kind, base_url;
    struct sv token; /* opened by store_source_get only; secret */
    /* A Canvas developer key instead of a token, for store_source_set; both are read back by
     * store_oauth.h. */
    struct sv oauth_client_id, oauth_secret;
    bool oauth_asks_scopes;
    struct sv
        oauth_state;      /* of store_source_list: "" (no key), "waiting", "connected", "refused" */
    struct sv oauth_user; /* of store_source_list: who granted it */
    struct sv issuer, client_id, platform_deployment_id, institution; /* of store_source_list */
    usec_t updated_at;
    usec_t refused_at; /* its token was, and it was not set since; 0: not */
    int64_t parallel;  /* requests at once to its host; to set, 0: the kind's own */
};

/* Set or replace. Marks the deployment's courses as due. What was granted to a developer key stays
 * when only its secret changes. */
NODISCARD bool store_source_set(struct store *store, const struct store_source *source,
                                struct err *err);
/* Fails: ERR_NOT_FOUND "source" with what to do. */
NODISCARD bool store_source_get(struct store *store, int64_t institution_id, int64_t deployment_id,
                                struct arena *a, struct store_source *out, struct err *err);
/* All, without tokens: for the operator. */
NODISCARD bool store_source_list(struct store *store, struct arena *a, struct store_source **out,
                                 size_t *count, struct err *err);
