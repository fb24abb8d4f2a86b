/* Canvas's OAuth2: the developer key of a deployment's grade source, and what somebody granted to
 * it (reference lti.md 11.1; attacks.md F18). Secrets are sealed, purpose "canvas-oauth", each
 * bound to its deployment and its column. */
#pragma once
#include "store.h"

/* All texts live in the arena. */
struct store_oauth {
    struct sv base_url, client_id;
    struct sv secret;  /* secret */
    bool asks_scopes;  /* false: the key enforces none, so none are asked for */
    struct sv refresh; /* secret; empty: nobody has granted anything */
    struct sv access;  /* secret; may be empty */
    usec_t access_until;
    struct sv user_id, user_name; /* who granted it, by Canvas */
    usec_t granted_at;
    struct sv refused; /* why Canvas takes the grant no more, a sentence; empty: it does */
};
/* Fails: ERR_NOT_FOUND "oauth" when the deployment's source has no developer key. */
NODISCARD bool store_oauth_get(struct store *store, int64_t institution_id, int64_t deployment_id,
                               struct arena *a, struct store_oauth *out, struct err *err);

/* One process at a time may renew a grant: *lease is what it holds, 0 when another has it, or had
 * it since the token was read that lasts until `seen` (access_until of store_oauth). A lease ends
 * by itself after STORE_OAUTH_LEASE_S, so that nobody waits for one that was killed. */
#define STORE_OAUTH_LEASE_S 20
NODISCARD bool store_oauth_lease(struct store *store, int64_t institution_id, int64_t deployment_id,
                                 usec_t seen, int64_t *lease, struct err *err);
struct store_oauth_renewal {
    int64_t institution_id, deployment_id, lease;
    struct sv access;
    struct sv refresh; /* empty: the old one goes on (Canvas's own way) */
    int64_t lasts_s;
};
/* Ends the lease. *is_kept false: it was not ours any more (taken back, granted anew), and nothing
 * was written. */
NODISCARD bool store_oauth_renewed(struct store *store, const struct store_oauth_renewal *renewal,
                                   bool *is_kept, struct err *err);
/* Ends the lease without a token. `refused`, a sentence: the grant is not tried again until
 * somebody grants anew; empty: the next one may try. */
NODISCARD bool store_oauth_lease_end(struct store *store, int64_t institution_id,
                                     int64_t deployment_id, int64_t lease, struct sv refused,
                                     struct err *err);

/* A visit to the consent page. */
#define STORE_OAUTH_STATE_S 600
struct store_oauth_visit {
    struct sv launch_id; /* of the badge admin's session, which must live when the visit ends */
    int64_t person_id, deployment_id;
    struct sv state;   /* as it goes out; only its hash is kept */
    struct sv browser; /* the value that the browser keeps; only its hash is kept */
};
/* Fails: ERR_DENIED "role" unless the session is that of a badge admin of the deployment's whole
 * institution. */
NODISCARD bool store_oauth_begin(struct store *store, const struct store_oauth_visit *visit,
                                 struct err *err);
struct store_oauth_return {
    int64_t institution_id, deployment_id, person_id;
};
/* Who comes back. Nothing is used up yet. Fails: ERR_DENIED "state" (none of ours, or used),
 * "state_expired", "state_browser". */
NODISCARD bool store_oauth_return(struct store *store, struct sv state, struct sv browser,
                                  struct arena *a, struct store_oauth_return *out, struct err *err);
/* Uses it up without a grant. */
NODISCARD bool store_oauth_burn(struct store *store, struct sv state, struct err *err);

struct store_oauth_grant {
    struct store_oauth_return by;
    struct sv state, client_id;
    struct sv access, refresh, user_id, user_name;
    int64_t lasts_s;
};
/* Keeps what was granted, uses the state up and makes the deployment's courses due, in one
 * transaction. Fails: ERR_DENIED "state" when it was used meanwhile, ERR_CONFLICT "oauth" when the
 * key is another by now; then nothing is kept. */
NODISCARD bool store_oauth_grant(struct store *store, const struct store_oauth_grant *grant,
                                 struct err *err);
/* Forgets the tokens; the developer key stays. actor_person_id 0: the operator. */
NODISCARD bool store_oauth_wipe(struct store *store, int64_t institution_id, int64_t deployment_id,
                                int64_t actor_person_id, struct err *err);
