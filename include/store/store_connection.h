/* The platforms of one institution as its badge admins see them: how they are doing, what the last
 * probe found, which deployments wait. */
#pragma once
#include "store_course.h"

/* A deployment of the institution; or, with id 0, a registration that was made by the institution's
 * invitation and has none yet. */
struct store_connection {
    int64_t registration_id, id;
    struct sv slug, issuer, client_id, product;
    struct sv deployment_id; /* the platform's */
    bool is_enabled;         /* the registration */
    bool is_active;          /* the deployment */
    bool is_own;         /* the institution's invitation made the registration: its admins decide */
    bool offers_storage; /* platform storage was offered in a login */
    bool has_notices;    /* the platform notification service was offered in a launch */
    bool is_probing;     /* a probe was asked for a moment ago and has not ended */
    struct sv source_kind;  /* empty: none is set */
    struct sv capabilities; /* JSON of the last probe (job_probe.c); "{}": none yet */
    usec_t probed_at;       /* 0: never */
    usec_t launched_at;     /* the last launch; 0: none */
};
/* By issuer, client id and deployment; at most 200. */
NODISCARD bool store_connection_list(struct store *store, int64_t institution_id, struct arena *a,
                                     struct store_connection **out, size_t *count, struct err *err);

/* A deployment by the names that stand in forms. */
struct store_connection_ref {
    int64_t institution_id;
    struct sv slug, deployment_id;
};
/* Have a deployment of the institution probed by the worker. Fails: ERR_NOT_FOUND "deployment". */
NODISCARD bool store_connection_probe(struct store *store, const struct store_connection_ref *ref,
                                      struct err *err);

/* What a probe needs: a deployment and the course it is tried in, the one with most services that
 * was opened last. */
struct store_probe {
    int64_t registration_id, deployment_id;
    struct sv platform_deployment_id, course_title;
    struct sv context_id, lineitems_url, nrps_url;
    bool has_course;
};
/* Fails: ERR_NOT_FOUND "deployment". */
NODISCARD bool store_probe_get(struct store *store, int64_t institution_id, int64_t deployment_id,
                               struct arena *a, struct store_probe *out, struct err *err);
NODISCARD bool store_probe_save(struct store *store, int64_t institution_id, int64_t deployment_id,
                                struct sv capabilities, struct err *err);
