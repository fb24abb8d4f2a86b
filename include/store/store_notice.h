/* Platform notifications, once each, and where they are sent (reference lti.md 9). */
#pragma once
#include "store.h"

struct store_notice {
    int64_t registration_id;
    struct sv id;
    usec_t keep_until; /* the token that carried it is refused from then on */
    struct sv deployment_id;
    /* A copy: the new course and those it was made from. context_id empty: nothing but the id is
     * kept. */
    struct sv context_id, context_title, context_label;
    const struct sv *origins;
    size_t origin_count;
};
enum store_notice_verdict {
    STORE_NOTICE_NEW,
    STORE_NOTICE_AGAIN,        /* its id came before */
    STORE_NOTICE_NO_DEPLOYMENT /* unknown or switched off here: nothing was written */
};
/* Record a verified notice; a copy of a course that has badges becomes a proposal (store_copy.h),
 * in the same transaction. */
NODISCARD bool store_notice_record(struct store *store, const struct store_notice *notice,
                                   enum store_notice_verdict *out, struct err *err);

/* What a launch said of a deployment's notification service. */
struct store_notice_service {
    int64_t registration_id;
    struct sv platform_deployment_id, slug;
    struct sv url, types; /* url empty: not offered; types: space-separated */
    bool is_shared;       /* other registrations have the same issuer and client id */
};
/* Fails: ERR_NOT_FOUND "deployment" when it is unknown or switched off. */
NODISCARD bool store_notice_service_get(struct store *store, int64_t deployment_id, struct arena *a,
                                        struct store_notice_service *out, struct err *err);
/* Remember our address as the platform has it. */
NODISCARD bool store_notice_service_set(struct store *store, int64_t deployment_id,
                                        struct sv handler, struct err *err);
