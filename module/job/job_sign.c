/* Awards become signed credentials: those that changed, and all of a badge whose texts changed, a
 * page at a time. */
#include "issue.h"
#include "job_internal.h"
#include "store_badge.h"
#include "store_credential.h"

#define PAGE 200

static bool sign(struct job *job, const int64_t *ids, size_t count, struct err *err) {
    struct issue_signed done = {0};
    if (!issue_sign(job->app->issue, job->row->institution_id, ids, count, job->now, &done, err)) {
        return false;
    }
    if (done.made + done.problems > 0) {
        log_event(done.problems > 0 ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, "awards_signed",
                  LOG_INT("signed", (int64_t)done.made),
                  LOG_INT("refused", (int64_t)done.problems));
    }
    return true;
}

static bool sign_listed(struct job *job, const json_t *awards, struct err *err) {
    size_t count = json_array_size(awards);
    int64_t *ids = ARENA_ARRAY(job->arena, int64_t, count);
    for (size_t i = 0; i < count; i++) {
        ids[i] = json_integer_value(json_array_get(awards, i));
    }
    return sign(job, ids, count, err);
}

/* The badge's issuer has keys as soon as there is a badge: its DID document is read before the
 * first award. */
static bool sign_badge(struct job *job, int64_t badge_id, int64_t after, struct err *err) {
    int64_t *ids = NULL;
    size_t count = 0;
    int64_t issuer_id = 0;
    int64_t institution_id = job->row->institution_id;
    if (!store_badge_issuer(job->store, institution_id, badge_id, &issuer_id, err) ||
        !issue_keys_ready(job->app->issue, institution_id, issuer_id, err) ||
        !store_credential_of_badge(job->store, institution_id, badge_id, after, PAGE, job->arena,
                                   &ids, &count, err) ||
        !sign(job, ids, count, err)) {
        return false;
    }
    if (count < PAGE) {
        return true;
    }
    long long last = ids[count - 1];
    const struct store_job_new next = {
        .institution_id = institution_id,
        .kind = SV("sign"),
        .dedupe = sv_printf(job->arena, "sign:badge:%lld:%lld", (long long)badge_id, last),
        .payload =
            sv_printf(job->arena, "{\"badge\":%lld,\"after\":%lld}", (long long)badge_id, last)};
    return store_job_add(job->store, &next, err);
}

bool job_sign(struct job *job, struct err *err) {
    const json_t *awards = json_object_get(job->payload, "awards");
    int64_t badge_id = 0;
    if (awards != NULL) {
        return sign_listed(job, awards, err);
    }
    return job_number(job, "badge", &badge_id, err) &&
           sign_badge(job, badge_id, json_integer_value(json_object_get(job->payload, "after")),
                      err);
}
