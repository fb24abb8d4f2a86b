/* Ask the platform to tell us when a course is copied (reference lti.md 9). Only that: a ping is of
 * no use to us. */
#include "job_internal.h"
#include "lti_notice.h"
#include "store_notice.h"

#define BATCH_MAX 10

/* Registrations that share issuer and client id are told apart by their own address. */
static struct sv handler_of(const struct job *job, const struct store_notice_service *at) {
    struct sv base = job->app->options.base_url;
    return at->is_shared
               ? sv_printf(job->arena, "%.*s/lti/notices/%.*s", SV_ARG(base), SV_ARG(at->slug))
               : sv_printf(job->arena, "%.*s/lti/notices", SV_ARG(base));
}

bool job_notices(struct job *job, struct err *err) {
    int64_t deployment_id = 0;
    struct store_notice_service at = {0};
    struct lti_service service = {0};
    bool was_changed = false;
    if (!job_number(job, "deployment", &deployment_id, err)) {
        return false;
    }
    struct err why = {0};
    if (!store_notice_service_get(job->store, deployment_id, job->arena, &at, &why)) {
        if (why.code == ERR_NOT_FOUND) {
            return true; /* switched off meanwhile: there is nobody to ask */
        }
        *err = why;
        return false;
    }
    struct sv type = SV(LTI_NOTICE_COPY);
    if (at.url.len == 0 || !job_has_word(at.types, type)) {
        return true;
    }
    const struct lti_notice_handler want = {
        .type = type, .handler = handler_of(job, &at), .batch_max = BATCH_MAX};
    if (!job_service(job, at.registration_id, at.platform_deployment_id, &service, err) ||
        !lti_notice_handler_set(&service, at.url, &want, job->arena, &was_changed, err)) {
        return false;
    }
    log_event(LOG_LEVEL_INFO, "notices_asked_for", LOG_INT("deployment", deployment_id),
              LOG_TEXT("changed", was_changed ? "yes" : "no"));
    return store_notice_service_set(job->store, deployment_id, want.handler, err);
}
