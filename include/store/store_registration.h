/* Platforms: institutions, registrations, deployments (directory tables). */
#pragma once
#include "model_lti.h"
#include "store.h"

struct store_institution {
    int64_t id;
    struct sv name, time_zone;
};

struct store_deployment {
    int64_t id, institution_id;
    struct sv deployment_id, institution;
    bool is_active;
};

/* What to look for; empty or 0: anything. */
struct store_registration_key {
    int64_t id;
    struct sv slug, issuer, client_id;
};

/* Exactly one enabled registration, from a cache of a few seconds. Fails: ERR_NOT_FOUND
 * "registration" when there is none, ERR_CONFLICT "registration" when the key fits several. */
NODISCARD bool store_registration_get(struct store *store, const struct store_registration_key *key,
                                      struct arena *a, struct model_registration *out,
                                      struct err *err);
/* All that fit, disabled ones too, at most 1,000; no cache. */
NODISCARD bool store_registration_list(struct store *store,
                                       const struct store_registration_key *key, struct arena *a,
                                       struct model_registration **out, size_t *count,
                                       struct err *err);
NODISCARD bool store_deployment_list(struct store *store, int64_t registration_id, struct arena *a,
                                     struct store_deployment **out, size_t *count, struct err *err);

struct store_key_new;
struct store_platform_new {
    struct model_registration registration; /* without id and slug */
    const struct store_key_new *key;        /* its own signing key; NULL: the common one signs */
    struct sv institution;                  /* name; made when missing */
    const struct sv *deployment_ids;
    size_t deployment_count;
    bool is_another; /* a second platform that shares issuer and client id */
};
/* Add a registration with its deployments, or deployments to one that is the same; in one
 * transaction. Fails: ERR_CONFLICT "registration" when one with this issuer and client id has other
 * addresses and is_another is not set, or when a deployment belongs to another institution. */
NODISCARD bool store_platform_add(struct store *store, const struct store_platform_new *platform,
                                  struct arena *a, struct model_registration *out, bool *is_new,
                                  struct err *err);
/* Save the addresses, the trust, the policy, the institution and the enabled flag of a
 * registration.
 */
NODISCARD bool store_registration_update(struct store *store, const struct model_registration *r,
                                         struct err *err);
/* A new random name for a registration's own addresses: 12 hex digits. */
struct sv store_registration_slug(struct arena *a);
/* By name; made when missing. */
NODISCARD bool store_institution_take(struct store *store, struct sv name, int64_t *id,
                                      struct err *err);
/* By name. Fails: ERR_NOT_FOUND naming those there are. */
NODISCARD bool store_institution_get(struct store *store, struct sv name, struct arena *a,
                                     struct store_institution *out, struct err *err);
