/* The gradebook: one line item per badge and course, one score per award (reference lti.md 4;
 * moodle.md 3 lists the traps). The queue runs one of these at a time for a badge, person and
 * course (store_score_jobs_in), so scores go out in order. */
#include "credential_build.h"
#include "job_internal.h"
#include "job_line.h"
#include "store_gradebook.h"

static bool may_score(const struct store_score *s) {
    return job_has_word(s->ags_scopes, SV(LTI_SCOPE_SCORE)) && s->lineitems_url.len > 0 &&
           (job_has_word(s->ags_scopes, SV(LTI_SCOPE_LINEITEM)) || s->line_item_url.len > 0);
}

/* An address that may not get our token, or belongs to another course or school, is not used. */
static bool check_address(const struct lti_service *service, const struct store_score *s,
                          struct sv url, struct arena *a, struct err *err) {
    if (!lti_ags_is_under(a, s->lineitems_url, url)) {
        (void)err_because(err, ERR_DENIED, "line_item",
                          "the platform names a gradebook column that is not below this course's "
                          "own list of columns, so it is not used");
        return err_retry_as(err, ERR_RETRY_PARK);
    }
    return lti_service_may_call(service, a, url, err);
}

static bool remember(struct job *job, const struct store_score *s, struct sv url, struct err *err) {
    const struct store_line_item item = {.institution_id = s->institution_id,
                                         .course_id = s->course_id,
                                         .badge_id = s->badge_id,
                                         .url = url,
                                         .label = s->badge_name};
    return store_line_item_set(job->store, &item, err);
}

/* Found or made; `fresh` is read under the lock. A column that a deep linking answer asked for
 * comes when the teacher saves the form in the LMS: a second one is not made in its way. */
static bool find_or_make(const struct lti_service *service, const struct store_score *fresh,
                         const struct lti_lineitem_want *want, struct arena *a,
                         struct lti_lineitem *out, bool *is_created, struct err *err) {
    bool is_there = false;
    if (!fresh->is_column_coming) {
        return lti_ags_find_or_create(service, fresh->lineitems_url, want, a, out, is_created, err);
    }
    if (!lti_ags_find(service, fresh->lineitems_url, want->resource_id, want->tag, a, out,
                      &is_there, err)) {
        return false;
    }
    if (!is_there) {
        (void)err_because(err, ERR_UPSTREAM, "column_coming",
                          "the platform was asked for this badge's column a moment ago and has not "
                          "made it yet");
        return err_retry_as(err, ERR_RETRY_LATER);
    }
    return true;
}

/* Found or made, and remembered; the lock is held. */
static bool look(struct job *job, const struct lti_service *service, struct store_score *s,
                 struct err *err) {
    struct store_score fresh = {0};
    struct lti_lineitem item = {0};
    bool is_created = false;
    bool was_changed = false;
    /* Another worker may have been here since we looked. */
    if (!store_score_get(job->store, s->institution_id, s->award_id, job->arena, &fresh, err)) {
        return false;
    }
    if (fresh.line_item_url.len > 0 && !sv_eq(fresh.line_item_url, s->line_item_url)) {
        *s = fresh;
        return check_address(service, s, s->line_item_url, job->arena, err);
    }
    const struct lti_lineitem_want want = job_line_want(s->badge_name, s->badge_public_id);
    if (!find_or_make(service, &fresh, &want, job->arena, &item, &is_created, err) ||
        !check_address(service, s, item.url, job->arena, err)) {
        return false;
    }
    /* Found under an old name: it came with a copy of the course, or was made before. The column
     * of a link bears the name that the teacher gave the link. */
    if (!is_created && item.resource_link_id.len == 0 && !sv_eq(item.label, s->badge_name) &&
        !lti_ags_update(service, item.url, &want, job->arena, &was_changed, err)) {
        return false;
    }
    s->line_item_url = item.url;
    return remember(job, s, item.url, err);
}

/* The column's address: remembered, found, or made, under a lock so that there are never two. */
static bool take_line_item(struct job *job, const struct lti_service *service,
                           struct store_score *s, struct err *err) {
    if (s->line_item_url.len > 0 &&
        lti_ags_is_under(job->arena, s->lineitems_url, s->line_item_url)) {
        return true;
    }
    struct store_line_lock *lock = NULL;
    if (!store_line_lock_take(job->store, s->course_id, s->badge_id, &lock, err)) {
        return false;
    }
    bool is_ok = look(job, service, s, err);
    store_line_lock_release(lock);
    return is_ok;
}

/* With the page's address while there is one (DESIGN 5). */
static struct sv comment(const struct job *job, const struct store_score *s) {
    if (s->state != MODEL_AWARD_ISSUED) {
        return sv_printf(job->arena, "Badge no longer held: %.*s", SV_ARG(s->badge_name));
    }
    if (!s->is_shared) {
        return sv_printf(job->arena, "Badge awarded: %.*s", SV_ARG(s->badge_name));
    }
    struct sv page = credential_url(job->arena, job->app->options.base_url, "awards", s->public_id);
    return sv_printf(job->arena, "Badge awarded: %.*s, %.*s", SV_ARG(s->badge_name), SV_ARG(page));
}

static bool post(struct job *job, const struct lti_service *service, const struct store_score *s,
                 usec_t *sent_at, struct lti_score_reply *reply, struct err *err) {
    bool is_held = s->state == MODEL_AWARD_ISSUED;
    usec_t event = is_held ? s->issued_at : job->now;
    *sent_at = lti_ags_next_timestamp(event, s->last_sent_at);
    const struct lti_score score = {.user_id = s->sub,
                                    .at = *sent_at,
                                    .given = dec_from_i64(is_held ? 1 : 0),
                                    .maximum = dec_from_i64(1),
                                    .comment = comment(job, s)};
    return lti_ags_score_post(service, s->line_item_url, &score, job->arena, reply, err);
}

/* What was sent is remembered, refused or not: the next score must be later. */
static bool settle(struct job *job, const struct store_score *s, usec_t sent_at,
                   const struct lti_score_reply *reply, struct err *err) {
    const char *outcome = lti_score_outcome_name(reply->outcome);
    log_event(LOG_LEVEL_INFO, "score_sent", LOG_INT("award", s->award_id),
              LOG_TEXT("outcome", outcome), LOG_INT("status", reply->status));
    if (!store_score_sent(job->store, s, sent_at, sv_from(outcome), err)) {
        return false;
    }
    /* Somebody who has left has no cell in the gradebook any more: nothing to mend. */
    if (reply->outcome != LTI_SCORE_REFUSED || !s->is_active) {
        return true;
    }
    job->said = reply->reason;
    (void)err_because(err, ERR_UPSTREAM, "score_refused", "the platform refused the score (%d)",
                      reply->status);
    return err_retry_as(err, ERR_RETRY_PARK);
}

static bool deliver(struct job *job, const struct lti_service *service, struct store_score *s,
                    struct err *err) {
    /* A column that is gone is made anew, once. */
    for (int attempt = 0; attempt < 2; attempt++) {
        usec_t sent_at = 0;
        struct lti_score_reply reply = {0};
        if (!take_line_item(job, service, s, err) ||
            !post(job, service, s, &sent_at, &reply, err)) {
            return false;
        }
        if (reply.outcome != LTI_SCORE_GONE) {
            return settle(job, s, sent_at, &reply, err);
        }
        if (!remember(job, s, sv_of(NULL, 0), err)) {
            return false;
        }
        s->line_item_url = sv_of(NULL, 0);
    }
    (void)err_because(err, ERR_UPSTREAM, "gone",
                      "the gradebook column vanishes as soon as it is made");
    return err_retry_as(err, ERR_RETRY_PARK);
}

bool job_score(struct job *job, struct err *err) {
    int64_t award_id = 0;
    struct store_score s = {0};
    struct lti_service service = {0};
    if (!job_number(job, "award", &award_id, err) ||
        !store_score_get(job->store, job->row->institution_id, award_id, job->arena, &s, err)) {
        return false;
    }
    if (!s.is_learner) { /* staff and test users have no cell in the gradebook (F11) */
        log_event(LOG_LEVEL_INFO, "score_not_for_learner", LOG_INT("award", award_id));
        return true;
    }
    if (!may_score(&s)) {
        log_event(LOG_LEVEL_INFO, "score_not_offered", LOG_INT("course", s.course_id));
        return true; /* the platform grants no column here */
    }
    return job_service(job, s.registration_id, s.platform_deployment_id, &service, err) &&
           deliver(job, &service, &s, err);
}

bool job_scores(struct job *job, struct err *err) {
    int64_t course_id = 0;
    return job_number(job, "course", &course_id, err) &&
           store_score_missing(job->store, job->row->institution_id, course_id, err);
}
